"""Slope, intercept and calibration error, against libraries and a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from covidcls.ablation.predictions import RowScores
from covidcls.ablation.reliability import (
    calibration_intercept,
    calibration_slope,
    reliability_of,
)
from covidcls.statistics import ece
from lungseg.log_odds import sigmoid

N = 543  # slices of COVID-CT's train and validation
RNG = np.random.default_rng(1)
LOG_ODDS = RNG.normal(0, 1.5, N)
LABELS = (RNG.random(N) < sigmoid(LOG_ODDS)).astype(int)


def row(log_odds: np.ndarray, folds: int = 1) -> RowScores:
    names, probabilities = tuple(map(str, range(N))), sigmoid(np.atleast_2d(log_odds))
    seeds = tuple(range(len(probabilities)))
    fold = np.arange(N) % folds
    return RowScores("r", seeds, names, LABELS, names, fold, probabilities, probabilities)


def test_slope_and_intercept_are_those_of_statsmodels() -> None:
    import statsmodels.api as sm

    weights = RNG.integers(0, 4, (3, N)).astype(float)
    said = 1.7 * LOG_ODDS + 0.6
    slopes = calibration_slope(LABELS, said, weights)
    intercepts = calibration_intercept(LABELS, said, weights)
    for one, slope, intercept in zip(weights, slopes, intercepts, strict=True):
        family, constant = sm.families.Binomial(), np.ones((N, 1))
        joint = sm.GLM(LABELS, sm.add_constant(said), family, freq_weights=one).fit()
        alone = sm.GLM(LABELS, constant, family, freq_weights=one, offset=said).fit()
        assert slope == pytest.approx(joint.params[1], rel=1e-6)
        assert intercept == pytest.approx(alone.params[0], rel=1e-6)


def test_too_sure_and_too_high_is_found() -> None:
    one = np.ones((1, N))
    assert calibration_slope(LABELS, 2 * LOG_ODDS, one)[0] == pytest.approx(0.5, abs=0.1)
    assert calibration_intercept(LABELS, LOG_ODDS + 0.7, one)[0] == pytest.approx(-0.7, abs=0.2)


def test_what_has_no_answer_is_no_number() -> None:
    sides = np.vstack([np.ones(N), LABELS])  # all, and one class alone
    apart = calibration_slope(LABELS, np.where(LABELS, 1.0, -1.0), sides)
    assert np.isnan(apart).all()
    wrong_way_round = calibration_slope(LABELS, np.where(LABELS, -1.0, 1.0), sides)
    assert np.isnan(wrong_way_round).all()
    assert np.isnan(calibration_slope(LABELS, np.zeros(N), sides)).all()
    assert np.isnan(calibration_intercept(LABELS, LOG_ODDS, sides)).tolist() == [False, True]


def test_a_slope_that_is_not_reached_is_no_number() -> None:
    """The steps are short of the intercept of 250 that goes with the slope of 10."""
    log_odds = np.linspace(-30, -20, 101)
    near = (log_odds > -25).astype(int)
    near[49], near[52] = 1, 0
    assert np.isnan(calibration_slope(near, log_odds, np.ones((1, 101)))).all()


def test_right_probabilities_of_543_slices_have_an_error_of_their_own() -> None:
    """The bias of the estimator: what a perfect model shows, 0.03 with ten bins."""
    found = reliability_of(row(LOG_ODDS), resamples=20)
    drawn = (np.random.default_rng(2).random((200, N)) < sigmoid(LOG_ODDS)).astype(int)
    perfect = [ece(labels, sigmoid(LOG_ODDS), np.ones((1, N)))[0] for labels in drawn]
    assert found.ece_by_chance == pytest.approx(np.mean(perfect), rel=0.05)
    assert 0.02 < found.ece_by_chance < 0.05


def test_faults_of_two_trainings_cancel_together_and_not_alone() -> None:
    shift = np.where(np.arange(N) % 2, 1.2, -1.2)
    found = reliability_of(row(LOG_ODDS + shift, folds=2), resamples=20)
    assert found.ece_of_folds is not None
    assert found.ece_of_folds_by_chance is not None
    assert found.ece_of_folds > found.figures["ece"].value + 0.05
    assert found.ece_of_folds > 2 * found.ece_of_folds_by_chance > 2 * found.ece_by_chance


def test_figures_are_the_mean_over_seeds() -> None:
    both = reliability_of(row(np.stack([LOG_ODDS, 2 * LOG_ODDS])), resamples=20).figures
    alone = [reliability_of(row(k * LOG_ODDS), resamples=20).figures for k in (1, 2)]
    for name, figure in both.items():
        assert figure.value == pytest.approx(np.mean([one[name].value for one in alone])), name
        assert figure.low <= figure.value or name == "ece"
