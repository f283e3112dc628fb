"""Where a score is cut into two answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covidcls.operating_point import youden_threshold


def test_youden_stands_midway_where_recall_plus_specificity_is_highest() -> None:
    labels, scores = [0, 0, 1, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.8, 0.9, 0.9]
    # 3/4 + 1 between 0.4 and 0.8, and 1 + 2/3 between 0.2 and 0.3
    assert youden_threshold(labels, scores) == pytest.approx(0.6)
    assert youden_threshold([0, 1], [0.3, 0.5]) == pytest.approx(0.4)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), max_size=40))
def test_no_threshold_does_better_than_youden(pairs: list[tuple[int, int]]) -> None:
    labels = np.array([0, 1, *(label for label, _ in pairs)])
    scores = np.array([3, 3, *(score for _, score in pairs)]) / 6

    def reached(threshold: float) -> float:
        called = scores >= threshold
        return float(called[labels == 1].mean() + (~called)[labels == 0].mean())

    best = reached(youden_threshold(labels.tolist(), scores.tolist()))
    assert all(reached(t) <= best + 1e-12 for t in np.linspace(-0.1, 1.1, 49))


def test_a_threshold_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both classes"):
        youden_threshold([1, 1], [0.2, 0.8])
