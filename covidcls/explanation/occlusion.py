"""Evidence without gradients: hide a part of the picture and see how far the score falls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

View = NDArray[np.float32]
Score = Callable[[Sequence[View]], NDArray[np.float64]]

CELLS = 7  # of the map, a side: about as fine as the last feature map of a network
PATCH = 2  # cells hidden at once, a side: two sevenths of the picture, of the order of a lobe
AERATED = 25  # percentile of the lung that is taken for lung without lesions and vessels


def occlusion(score: Score, view: View, fill: float) -> NDArray[np.float64]:
    """Map CELLS x CELLS: by how much ``score`` falls, on average, when a cell is hidden.

    Zeiler & Fergus 2014, section 4.2, with overlapping squares. ``score``: of pictures h x w, such
    as ``CovidClassifier.logits``, so that it runs on every backend. ``fill``: the grey that hides.
    """
    rows, columns = (np.linspace(0, side, CELLS + 1).round().astype(int) for side in view.shape)
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


def aerated(view: View, lung: NDArray[np.bool_]) -> float:
    """The grey of healthy lung in a picture, to hide lesions with.

    A mean grey would put an opacity into each healthy place. ``lung``: bool, of the view's size;
    where the view shows no lung its dark quarter counts.
    """
    return float(np.percentile(view[lung] if lung.any() else view, AERATED))
