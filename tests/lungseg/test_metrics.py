"""Overlap of masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lungseg.metrics import dice, iou

masks = arrays.arrays(np.bool_, st.tuples(st.just(5), st.just(4)))


def test_by_hand() -> None:
    a = np.array([1, 1, 1, 0, 0], bool)
    b = np.array([0, 1, 1, 1, 0], bool)
    assert dice(a, b) == pytest.approx(2 * 2 / 6)
    assert iou(a, b) == pytest.approx(2 / 4)


@given(a=masks, b=masks)
def test_symmetry_range_and_the_bond_between_both(
    a: NDArray[np.bool_], b: NDArray[np.bool_]
) -> None:
    assert dice(a, b) == dice(b, a)
    assert 0 <= iou(a, b) <= dice(a, b) <= 1
    assert dice(a, b) == pytest.approx(2 * iou(a, b) / (1 + iou(a, b)))
    assert dice(a, a) == iou(a, a) == 1


def test_two_empty_masks_agree_and_one_empty_does_not() -> None:
    empty, full = np.zeros((3, 3), bool), np.ones((3, 3), bool)
    assert (dice(empty, empty), iou(empty, empty)) == (1, 1)
    assert (dice(empty, full), iou(full, empty)) == (0, 0)
