"""The small picture without lungs that the floor of every result is measured on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.regions import region_of

SIDE = 24  # pixels; too few to read a letter, enough for the outline of the body


def lung_free_picture(pixels: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """float32 SIDE x SIDE in [0, 1], zero where the lungs were.

    ``pixels`` float32 H x W in [0, 1], ``mask`` bool H x W; an empty mask leaves the slice whole.
    """
    without = region_of(pixels, mask, "background")
    return np.asarray(cv2.resize(without, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)
