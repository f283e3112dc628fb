"""Grey levels of Hounsfield units."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg.phantom import LUNG_WINDOW, MEDIASTINAL_WINDOW, display


def test_the_window_ends_are_black_and_white() -> None:
    hu = np.array([[-2000, -1350, -600, 150, 2000]], dtype=np.float32)
    grey = display(hu, LUNG_WINDOW)
    assert grey.dtype == np.uint8
    assert grey.tolist() == [[0, 0, 128, 255, 255]]


def test_lung_is_black_in_the_mediastinal_window() -> None:
    assert display(np.full((2, 2), -850, np.float32), MEDIASTINAL_WINDOW).max() == 0


def test_a_window_without_width_is_refused() -> None:
    with pytest.raises(ValueError, match="width"):
        display(np.zeros((2, 2), np.float32), (40, 0))
