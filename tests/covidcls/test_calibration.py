"""Platt scaling: fitted, kept in cards, and nested over folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from covidcls.calibration import FLATTEST, Calibration, cross_calibrated, fit_calibration


def drawn(n: int, slope: float, intercept: float) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Logits whose true log-odds are ``slope`` x logit + ``intercept``, and their labels."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0.5, 2, n)
    odds = Calibration(slope, intercept).probabilities(logits)
    return logits, (rng.random(n) < odds).astype(int)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.3, -1.0), (2.0, 1.5)])
def test_the_slope_and_intercept_that_made_the_labels_are_found(
    slope: float, intercept: float
) -> None:
    found = fit_calibration(*drawn(20_000, slope, intercept))
    assert found.slope == pytest.approx(slope, rel=0.05)
    assert found.intercept == pytest.approx(intercept, abs=0.1)


def test_it_is_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    logits, labels = drawn(118, 0.5, -0.5)
    expected = LogisticRegression(C=1e9, tol=1e-9).fit(logits[:, None], labels)
    found = fit_calibration(logits, labels)
    assert found.slope == pytest.approx(expected.coef_[0, 0], rel=1e-3)
    assert found.intercept == pytest.approx(expected.intercept_[0], abs=1e-3)


def test_weights_count_as_copies_do() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, 60)
    labels = (logits + rng.normal(0, 2, 60) > 0).astype(int)
    twice = fit_calibration(np.append(logits, logits[:20]), np.append(labels, labels[:20]))
    weighed = fit_calibration(logits, labels, [2.0] * 20 + [1.0] * 40)
    assert (weighed.slope, weighed.intercept) == pytest.approx(
        (twice.slope, twice.intercept), rel=1e-4
    )
    assert weighed != fit_calibration(logits, labels)


def test_the_mean_probability_is_the_share_of_positives() -> None:
    """What a temperature cannot: these logits call two thirds positive, and a third is."""
    logits, labels = drawn(118, 0.5, -1.2)
    found = fit_calibration(logits, labels).probabilities(logits)
    assert (logits > 0).mean() - labels.mean() > 0.2
    assert found.mean() == pytest.approx(labels.mean(), abs=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_logits_of_any_scale_give_the_same_probabilities(scale: float) -> None:
    logits, labels = drawn(200, 0.5, 0.5)
    there = fit_calibration(logits * scale, labels).probabilities(logits * scale)
    assert there == pytest.approx(fit_calibration(logits, labels).probabilities(logits), abs=1e-5)


def test_separable_equal_and_turned_logits_keep_a_slope_above_0() -> None:
    apart = fit_calibration([-1, 1], [0, 1])
    assert apart.probabilities(np.array([-1.0, 1.0])) == pytest.approx([0, 1], abs=1e-4)
    turned = fit_calibration([-1, 1, -1, 1], [1, 0, 1, 1])
    assert turned.slope == pytest.approx(FLATTEST)
    assert turned.probabilities(np.zeros(1)) == pytest.approx(0.75, abs=1e-4)
    equal = fit_calibration([3, 3, 3, 3], [1, 0, 1, 1])
    assert equal.probabilities(np.array([3.0])) == pytest.approx(0.75, abs=1e-4)


@given(
    st.lists(st.floats(-500, 500), min_size=2, max_size=20), st.floats(0.05, 20), st.floats(-9, 9)
)
def test_probabilities_keep_the_order_and_lie_in_0_to_1(
    logits: list[float], slope: float, intercept: float
) -> None:
    order = np.argsort(logits)
    found = Calibration(slope, intercept).probabilities(np.array(logits))
    assert (np.diff(found[order]) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()


@given(st.lists(st.floats(-8, 8), max_size=20), st.floats(0.05, 3), st.floats(-3, 3))
def test_probabilities_give_back_their_logits(
    logits: list[float], slope: float, intercept: float
) -> None:
    calibration = Calibration(slope, intercept)
    back = calibration.logits(calibration.probabilities(np.array(logits)))
    assert back == pytest.approx(logits, abs=1e-3)


def test_probabilities_rounded_to_0_and_1_have_finite_logits_in_order() -> None:
    low, high = Calibration().logits(np.array([0.0, 1.0]))
    assert -800 < low < -30 < 30 < high < 800


def test_a_card_gives_back_its_calibration_and_an_old_one_its_temperature() -> None:
    calibration = fit_calibration(*drawn(100, 0.5, -0.5))
    assert Calibration.from_card({"calibration": calibration.as_card()}) == calibration
    assert Calibration.from_card({"temperature": 4.0}) == Calibration(0.25, 0.0)
    with pytest.raises(KeyError):
        Calibration.from_card({})
    for slope in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="slope must be above 0"):
            Calibration.from_card({"calibration": {"slope": slope, "intercept": 0}})
    with pytest.raises(ValueError, match="slope must be above 0"):
        Calibration.from_card({"temperature": 0})


def test_each_part_is_calibrated_by_the_others_alone() -> None:
    logits, labels = drawn(60, 0.5, -0.5)
    parts = np.arange(60) % 3
    found = cross_calibrated(logits, labels, parts)
    for part in range(3):
        others = fit_calibration(logits[parts != part], labels[parts != part])
        assert found[parts == part] == pytest.approx(others.probabilities(logits[parts == part]))
    turned = np.where(parts == 1, 1 - labels, labels)
    again = cross_calibrated(logits, turned, parts)
    assert again[parts == 1] == pytest.approx(found[parts == 1])  # its own labels say nothing
    assert again[parts != 1] != pytest.approx(found[parts != 1])
