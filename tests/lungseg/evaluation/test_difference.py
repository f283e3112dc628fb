"""Paired differences against a plain reference."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg.evaluation.difference import dice_difference, pooled_difference
from lungseg.metrics import Overlap

GROUPS = ["a", "a", "b", "b"]
ONE = [Overlap(8, 10, 10, 99), Overlap(5, 10, 10, 99), Overlap(9, 9, 9, 99), Overlap(0, 0, 0, 99)]
OTHER = [Overlap(7, 10, 10, 99), Overlap(5, 10, 10, 99), Overlap(6, 9, 9, 99), Overlap(0, 3, 0, 99)]


def test_the_difference_is_that_of_the_means_with_an_interval_over_groups() -> None:
    found = dice_difference(ONE, OTHER, GROUPS)
    apart = [one.dice - other.dice for one, other in zip(ONE, OTHER, strict=True)]
    assert found.value == pytest.approx(np.mean(apart))
    # two groups: a resample holds a twice, b twice, or both
    assert found.low == pytest.approx(np.mean(apart[:2]))
    assert found.high == pytest.approx(np.mean(apart[2:]))
    assert (found.n, found.n_groups) == (4, 2)


def test_the_pooled_difference_counts_slices_as_one() -> None:
    found = pooled_difference(ONE, OTHER, GROUPS)
    assert found.value == pytest.approx(2 * 22 / 58 - 2 * 18 / 61)
    assert found.low == pytest.approx(2 * 13 / 40 - 2 * 12 / 40)


def test_the_same_masks_differ_by_nothing() -> None:
    found = pooled_difference(ONE, ONE, GROUPS)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_other_slices_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        dice_difference(ONE, OTHER[:3], GROUPS)
