"""The share's error, bias and slope, against NumPy's own line."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg.evaluation.lesion_share import share_figures


def test_error_bias_and_slope_are_those_of_a_plain_fit() -> None:
    rng = np.random.default_rng(0)
    said = rng.uniform(0, 0.6, 40)
    true = 0.1 + 0.7 * said + rng.normal(0, 0.02, 40)
    found = share_figures(list(said), list(true), [f"p{n % 8}" for n in range(40)])
    assert found["lesion_share_error"].value == pytest.approx(np.abs(said - true).mean())
    assert found["lesion_share_bias"].value == pytest.approx((said - true).mean())
    slope = found["lesion_share_slope"]
    assert slope.value == pytest.approx(np.polyfit(said, true, 1)[0])
    assert slope.low < slope.value < slope.high and (slope.n, slope.n_groups) == (40, 8)


@pytest.mark.parametrize(
    ("said", "true"),
    [([0.1, 0.1], [0.1, 0.3]), ([0.1, 0.1 + 1e-9], [0.1, 0.3]), ([0.1, 0.3], [0.0, 0.0])],
)
def test_one_share_for_all_has_no_slope(said: list[float], true: list[float]) -> None:
    found = share_figures(said, true, ["a", "b"])
    assert found.keys() == {"lesion_share_error", "lesion_share_bias"}
