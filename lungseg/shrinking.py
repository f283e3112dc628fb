"""Pictures brought down to the size that is needed of them."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = TypeVar("Grey", np.uint8, np.float32)


def shrunk_shape(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """(height, width) with at most ``longest`` pixels on the longer side, of the same aspect."""
    height, width = shape[:2]
    scale = min(1.0, longest / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrunk(picture: NDArray[Grey], longest: int) -> NDArray[Grey]:
    """``picture`` (H x W), by area to at most ``longest`` pixels on the longer side."""
    shape = shrunk_shape(picture.shape, longest)
    if shape == picture.shape:
        return picture
    small = cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, picture.dtype)
