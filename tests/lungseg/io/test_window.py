"""The HU window."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg.io import LUNG_WINDOW, WINDOWS, parse_window, window_hu


def test_lung_window_ends_and_middle() -> None:
    hu = np.array([[-3000, -1350, -600], [150, 151, 30000]], np.int16)
    seen = window_hu(hu)
    assert seen.dtype == np.float32
    assert seen == pytest.approx(np.array([[0, 0, 0.5], [1, 1, 1]]))


def test_other_window_and_the_input_is_left_alone() -> None:
    hu = np.array([[40.0, 240.0]], np.float32)
    assert window_hu(hu, (40, 400)) == pytest.approx(np.array([[0.5, 1.0]]))
    assert hu.tolist() == [[40.0, 240.0]]


@pytest.mark.parametrize("window", [(0, 0), (0, -5), (float("nan"), 10), (0, float("inf"))])
def test_impossible_window_is_refused(window: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="width above 0"):
        window_hu(np.zeros((2, 2)), window)


def test_a_window_is_known_by_its_name_or_written_out() -> None:
    assert parse_window("Mediastinum") == WINDOWS["mediastinum"]
    assert parse_window("-600, 1500") == LUNG_WINDOW


@pytest.mark.parametrize(
    ("text", "said"),
    [("lungs", r"-600,1500, or a name \(lung\)"), ("40", "no window"), ("40,0", "width above 0")],
)
def test_a_window_that_is_none_is_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_window(text)
