"""Every figure against a plain reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungseg.evaluation.figures import left_empty, pooled_dice, summary, worst_decile
from lungseg.metrics import Overlap


@given(
    scores=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    counts=st.lists(st.integers(0, 3), min_size=30, max_size=30),
)
def test_the_worst_decile_agrees_with_a_plain_reference(
    scores: list[float], counts: list[int]
) -> None:
    weights = counts[: len(scores)]
    weights[0] = max(weights[0], 1)
    drawn = sorted(s for s, count in zip(scores, weights, strict=True) for _ in range(count))
    left, total = len(drawn) / 10, 0.0
    for score in drawn:
        taken = min(1.0, left)
        total += taken * score
        left -= taken
        if left <= 0:
            break
    expected = total / (len(drawn) / 10)
    got = worst_decile(np.array(scores), np.array([weights], float))
    assert got[0] == pytest.approx(expected, abs=1e-9)


def test_the_worst_tenth_of_a_distance_are_the_largest() -> None:
    scores = [float(n) for n in range(20)]
    groups = [str(n) for n in range(20)]
    low, high = summary(scores, groups), summary(scores, groups, worst="highest")
    assert (low.worst_decile, high.worst_decile) == (0.5, 18.5)
    assert low.mean == high.mean
    assert (low.mean.value, low.median) == (9.5, 9.5)


def test_intervals_are_over_groups_and_not_over_slices() -> None:
    scores = [0.2] * 30 + [0.8] * 30
    by_patient = summary(scores, ["a"] * 30 + ["b"] * 30).mean
    by_slice = summary(scores, [str(n) for n in range(60)]).mean
    assert (by_patient.n, by_patient.n_groups) == (60, 2)
    assert by_patient.high - by_patient.low > 3 * (by_slice.high - by_slice.low)


def test_pooling_counts_what_was_found_where_nothing_is() -> None:
    right, invented = Overlap(100, 100, 100, 1000), Overlap(0, 50, 0, 1000)
    assert pooled_dice([right], ["a"]).value == 1
    found = pooled_dice([right, invented, Overlap(0, 0, 0, 1000)], ["a", "b", "c"])
    assert found.value == 200 / 250
    assert np.isfinite([found.low, found.high]).all()
    with pytest.raises(ValueError, match="no pixel"):
        pooled_dice([Overlap(0, 0, 0, 9)], ["a"])


def test_a_few_pixels_still_count_as_left_empty() -> None:
    found = left_empty([Overlap(0, 9, 0, 10_000), Overlap(0, 10, 0, 10_000)], ["a", "b"])
    assert (found.value, found.n, found.n_groups) == (0.5, 2, 2)
