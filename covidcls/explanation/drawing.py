"""Evidence drawn on the slice, by one fixed scale for all slices and networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covidcls.explanation.explain import Explanation, Method
from lungseg import drawing
from lungseg.drawing import Colour, Picture
from lungseg.slice import Slice

SIDE = 320  # pixels of a picture
EVIDENCE: Colour = drawing.LESION  # no picture here has both
# Log-odds that have the strongest colour, by method: a probability of 0.98 needs 4 on average over
# all that was seen, and hiding one place changes far less. Never the maximum of a map: a faint one
# would look as sure as any.
FULL: dict[Method, float] = {"cam": 8.0, "grad-cam": 8.0, "occlusion": 1.0}
OPACITY = 0.6  # of the strongest colour: anatomy stays visible
KEY = {
    "lung": drawing.LUNG,
    "seen by stage 2": drawing.BOX,
    "evidence for COVID-19": EVIDENCE,
}


def draw_slice(one: Slice, lung: NDArray[np.bool_]) -> Picture:
    """The slice in grey with the contour of its lungs; the longer side has SIDE pixels."""
    picture = drawing.fit(one.pixels, SIDE)
    drawing.outline(picture, lung, drawing.LUNG)
    return picture


def draw_evidence(one: Slice, lung: NDArray[np.bool_], explanation: Explanation) -> Picture:
    """The slice under the colour of its evidence, the contour of the lungs, and what was seen."""
    grey = drawing.fit(one.pixels, SIDE)
    picture = tinted(grey, explanation.evidence / FULL[explanation.method])
    drawing.outline(picture, lung, drawing.LUNG)
    scale = SIDE / max(one.shape)
    x_min, y_min, x_max, y_max = (round(side * scale) for side in explanation.box)
    drawing.outline_box(picture, (x_min, y_min, x_max, y_max))
    return picture


def tinted(picture: Picture, strength: NDArray[np.float32]) -> Picture:
    """``picture`` under the colour of evidence; ``strength`` of any size, 1 and above is full."""
    import cv2

    size = picture.shape[1::-1]
    shown = cv2.resize(np.clip(strength, 0, 1), size, interpolation=cv2.INTER_AREA)
    share = OPACITY * shown[..., None]
    return np.asarray((1 - share) * picture + share * np.array(EVIDENCE), np.uint8)
