"""The part of a picture that shows something, so that a network sees every patient at one scale."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.regions import Box

Framing = Literal["whole", "content"]

CONTENT = 0.01  # of a row or column: fewer bright pixels are noise, a wire or a letter
MARGIN = 0.02  # of the picture's side, left around the content
MIN_SIDE = 32  # pixels: what is smaller is no patient, and the picture is taken whole


def content_box(picture: NDArray[np.uint8]) -> Box:
    """Box (x_min, y_min, x_max, y_max), half-open, without the dark borders of ``picture``.

    ``picture``: uint8 H x W. A border is of rows and columns with hardly a pixel above Otsu's
    threshold, which lies between air or lung and the tissue around it in every window. A lung that
    reaches the edge of a tight crop has tissue beside it there, and stays. Where air is bright
    (inverted pictures) nothing is border.
    """
    height, width = picture.shape
    threshold, _ = cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = picture > threshold
    rows = np.flatnonzero(bright.mean(axis=1) > CONTENT)
    columns = np.flatnonzero(bright.mean(axis=0) > CONTENT)
    if not rows.size or not columns.size:
        return 0, 0, width, height
    across, down = round(MARGIN * width), round(MARGIN * height)
    box = (
        max(0, int(columns[0]) - across),
        max(0, int(rows[0]) - down),
        min(width, int(columns[-1]) + 1 + across),
        min(height, int(rows[-1]) + 1 + down),
    )
    if box[2] - box[0] < MIN_SIDE or box[3] - box[1] < MIN_SIDE:
        return 0, 0, width, height
    return box


def frame_of(picture: NDArray[np.uint8], framing: Framing) -> Box:
    """The box that a network sees of ``picture``: all of it, or its content."""
    height, width = picture.shape
    return content_box(picture) if framing == "content" else (0, 0, width, height)


def checked_framing(word: str) -> Framing:
    """``word`` if it is one of ``Framing``. Raises ValueError."""
    for known in get_args(Framing):
        if word == known:
            framing: Framing = known
            return framing
    raise ValueError(f"framing is {' or '.join(get_args(Framing))}, not {word!r}")
