"""Hounsfield units to grey levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LUNG_WINDOW = (-600.0, 1500.0)
WIDE_WINDOW = (-300.0, 2400.0)
MEDIASTINAL_WINDOW = (40.0, 400.0)


def display(
    hu: NDArray[np.float32], window: tuple[float, float] = LUNG_WINDOW
) -> NDArray[np.uint8]:
    """``hu`` (H x W) as an 8-bit picture; ``window`` is (centre, width) in HU.

    Raises ValueError for a width that is not positive.
    """
    centre, width = window
    if width <= 0:
        raise ValueError(f"window width is {width} HU, must be positive")
    grey = (hu - (centre - width / 2)) * (255.0 / width)
    return np.asarray(np.clip(np.round(grey), 0, 255).astype(np.uint8))
