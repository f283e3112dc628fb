"""Evidence without gradients: hide a part of the picture and see how far the score falls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from covidcls.views.seen import Seen
from lungseg.log_odds import logit

if TYPE_CHECKING:
    from covidcls.classifier import CovidClassifier

View = NDArray[np.float32]
Score = Callable[[Sequence[View]], NDArray[np.float64]]

CELLS = 7  # of the map, a side: about as fine as the last feature map of a network
PATCH = 2  # cells hidden at once, a side: two sevenths of the picture, of the order of a lobe
HEALTHY = 25  # percentile of the lung that is taken for lung without lesions and vessels
CERTAIN = 1e-9  # from 0 or 1, so that log-odds are finite


def occlusion(score: Score, view: View, fill: NDArray[Any] | float) -> NDArray[np.float64]:
    """Map CELLS x CELLS: by how much ``score`` falls, on average, when a cell is hidden.

    Zeiler & Fergus 2014, section 4.2, with overlapping squares. ``score``: of pictures h x w
    (x C). ``fill``: what hides, one value or C.
    """
    edges = [np.linspace(0, side, CELLS + 1).round().astype(int) for side in view.shape[:2]]
    rows, columns = edges
    [whole] = score([view])
    cells = np.zeros((CELLS, CELLS))
    # squares reach over the edge, so that each cell is hidden equally often
    spans = [slice(max(at, 0), min(at + PATCH, CELLS)) for at in range(1 - PATCH, CELLS)]
    for down in spans:
        hidden = [view.copy() for _ in spans]
        for across, picture in zip(spans, hidden, strict=True):
            top, bottom = rows[[down.start, down.stop]]
            left, right = columns[[across.start, across.stop]]
            picture[top:bottom, left:right] = fill
        for across, value in zip(spans, score(hidden), strict=True):
            cells[down, across] += whole - value
    return cells / PATCH**2


def healthy(view: View, lung: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What healthy lung looks like in a picture h x w (x C), one value or C, to hide lesions with.

    A mean grey would put an opacity into each healthy place. ``lung``: bool h x w; where the view
    shows no lung its dark quarter counts.
    """
    pixels = view[lung if lung.any() else np.ones_like(lung)]
    return np.asarray(np.percentile(pixels, HEALTHY, axis=0))


def occlusion_of(
    classifier: CovidClassifier, seen: Seen, lung: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The map of what ``classifier.see`` gives, in log-odds of the probability.

    It needs probabilities alone, so whatever computes them. ``lung``: bool, of what was seen, of
    any size.
    """
    import cv2

    def log_odds(views: Sequence[View]) -> NDArray[np.float64]:
        found = classifier.predict([replace(seen, picture=view) for view in views])
        return logit(np.clip(found, CERTAIN, 1 - CERTAIN))

    view = seen.picture
    size = view.shape[1::-1]
    fitted = cv2.resize(lung.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT)
    return occlusion(log_odds, view, healthy(view, fitted > 0))
