"""What the quick model sees of a picture: it small, and the statistics of its grey values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SIDE = 24  # pixels; enough to know a patient again, and not the disease
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def look(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Of a picture, uint8 H x W: 24 x 24 averages row by row, mean, standard deviation, quantiles,
    shares of black and white, and mean step between neighbours; grey values are 0 to 255."""
    import cv2

    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    counts = np.bincount(grey.ravel(), minlength=256)
    values = np.arange(256)
    mean = counts @ values / grey.size
    spread = np.sqrt(counts @ (values - mean) ** 2 / grey.size)
    quantiles = np.searchsorted(np.cumsum(counts), np.array(_QUANTILES) * grey.size)
    black, white = counts[0] / grey.size, counts[255] / grey.size
    signed = grey.astype(np.int16)
    down, right = np.abs(np.diff(signed, axis=0)), np.abs(np.diff(signed, axis=1))
    steps = (down.sum() + right.sum()) / max(1, down.size + right.size)
    statistics = [mean, spread, *quantiles, black, white, steps]
    return np.concatenate([small.ravel(), statistics]).astype(np.float32)
