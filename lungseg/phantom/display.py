"""Hounsfield units to grey levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lungseg.io.window import LUNG_WINDOW, Window, window_hu

WIDE_WINDOW: Window = (-300, 2400)  # lung and soft tissue both show
MEDIASTINAL_WINDOW: Window = (40, 400)  # the usual window for soft tissue; lung is black


def display(hu: NDArray[np.float32], window: Window = LUNG_WINDOW) -> NDArray[np.uint8]:
    """``hu`` (H x W) as an 8-bit picture; ``window`` is (centre, width) in HU.

    Raises ValueError for a width that is not positive.
    """
    return np.asarray(np.round(window_hu(hu, window) * 255).astype(np.uint8))
