"""Neutral decoding: every picture made a file like all others, so that its history is gone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Last, so that the blocks lie in every picture alike; coarse enough to cover those of the file.
_QUALITY = 75


def neutral(grey: NDArray[np.uint8], side: int, blur: float = 0.0) -> tuple[NDArray[np.uint8], int]:
    """A picture (uint8 H x W) as ``side`` x ``side`` after JPEG, and the bytes of that file.

    The aspect is given up: bars around the picture would tell it again. ``blur``: standard
    deviation in pixels of ``side``, against the sharpness that pictures larger than it keep.
    """
    shrinks = min(grey.shape) >= side
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    square = cv2.resize(grey, (side, side), interpolation=how)
    if blur:
        square = cv2.GaussianBlur(square, (0, 0), blur)
    _, encoded = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8), len(encoded)
