"""Every figure against a plain reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungseg.evaluation.figures import worst_decile


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
