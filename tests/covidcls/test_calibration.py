"""Temperature scaling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covidcls.calibration import calibrated, fit_temperature


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_factor_that_made_logits_overconfident_is_found(factor: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-logits))).astype(int)
    assert fit_temperature((logits * factor).tolist(), labels.tolist()) == pytest.approx(
        factor, rel=0.05
    )


def test_separable_and_hopeless_logits_stay_between_the_bounds() -> None:
    assert fit_temperature([-1, 1], [0, 1]) == pytest.approx(0.05, rel=0.01)
    assert fit_temperature([-1, 1], [1, 0]) == pytest.approx(20, rel=0.01)


@given(st.lists(st.floats(-500, 500), min_size=2, max_size=20), st.floats(0.05, 20))
def test_probabilities_keep_the_order_and_lie_in_0_to_1(
    logits: list[float], temperature: float
) -> None:
    order = np.argsort(logits)
    found = calibrated(np.array(logits), temperature)
    assert (np.diff(found[order]) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()
    assert calibrated(np.zeros(1), temperature)[0] == 0.5
