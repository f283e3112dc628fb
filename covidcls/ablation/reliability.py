"""How far the probabilities of a row can be believed, on slices that calibrated none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import RowScores
from covidcls.ablation.resampling import intervals_of
from covidcls.calibration import Calibration
from covidcls.statistics import brier, ece
from lungseg.bootstrap import Interval
from lungseg.log_odds import sigmoid

Array = NDArray[np.float64]

FIGURES = ("brier", "ece", "slope", "intercept")
STEPS = 30  # of Newton's method, which needs about six
SETTLED = 1e-6  # a last step beyond this is not the end
ENDLESS = 20.0  # a slope that grows beyond this has no end: the classes are apart


@dataclass(frozen=True)
class Reliability:
    """``figures``: each of FIGURES. ``ece_by_chance``: what is to be expected of the ``ece`` of as
    many slices and patients if their probabilities were right.

    ``ece_of_folds``: mean over the folds of each training's own, with its ``..._by_chance``; None
    where there are no folds. Faults of single trainings, of either sign, cancel in ``ece``.
    """

    figures: Mapping[str, Interval]
    ece_by_chance: float
    ece_of_folds: float | None = None
    ece_of_folds_by_chance: float | None = None


def reliability_of(row: RowScores, resamples: int = 2000, seed: int = 0) -> Reliability:
    """Of the ``probabilities`` of a row, the mean over seeds; needs the extra ``evaluate``."""
    found = intervals_of(row, FIGURES, _by_seed, resamples, seed)
    every = np.ones(len(row.labels), bool)
    numbers = np.unique(row.folds)
    if len(numbers) < 2:
        return Reliability(found, _chance(row, every))
    own = [row.folds == fold for fold in numbers]
    return Reliability(
        found,
        _chance(row, every),
        float(np.mean([_ece(row, of_fold) for of_fold in own])),
        float(np.mean([_chance(row, of_fold) for of_fold in own])),
    )


def calibration_slope(labels: NDArray[np.int_], log_odds: Array, weights: Array) -> Array:
    """Slope of the logistic regression of ``labels`` on ``log_odds`` (Cox 1958), for weights B x N:
    B values. 1 is right, below 1 too sure. NaN where there is one class, nothing between them, or
    so little that STEPS do not reach the end.

    By Newton's method on all resamples at once; statsmodels fits one in the time of them all.
    """
    intercept, slope = np.zeros(len(weights)), np.ones(len(weights))
    with np.errstate(all="ignore"):  # what has no answer is NaN in the end
        for _ in range(STEPS):
            p = sigmoid(intercept[:, None] + slope[:, None] * log_odds)
            off, spread = weights * (labels - p), weights * p * (1 - p)
            a, b, c = spread.sum(axis=1), spread @ log_odds, spread @ log_odds**2
            down, across = off.sum(axis=1), off @ log_odds
            determinant = a * c - b**2
            # at most 1 a step: far from the end a whole step of Newton's may lead astray
            intercept = intercept + np.clip((c * down - b * across) / determinant, -1, 1)
            step = np.clip((a * across - b * down) / determinant, -1, 1)
            slope = slope + step
    found = _both_classes(labels, weights) & (np.abs(slope) < ENDLESS) & (np.abs(step) < SETTLED)
    return np.where(found, slope, np.nan)


def calibration_intercept(labels: NDArray[np.int_], log_odds: Array, weights: Array) -> Array:
    """By how much all ``log_odds`` are too low (calibration in the large: the intercept beside a
    slope of 1, Van Calster et al. 2019), for weights B x N: B values. 0 is right.

    NaN where there is one class.
    """
    intercept = np.zeros(len(weights))
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            p = sigmoid(intercept[:, None] + log_odds)
            step = (weights * (labels - p)).sum(axis=1) / (weights * p * (1 - p)).sum(axis=1)
            intercept = intercept + np.clip(step, -1, 1)
    return np.where(_both_classes(labels, weights), intercept, np.nan)


def _both_classes(labels: NDArray[np.int_], weights: Array) -> NDArray[np.bool_]:
    positive = weights @ labels
    both: NDArray[np.bool_] = (positive > 0) & (positive < weights.sum(axis=1))
    return both


def _by_seed(row: RowScores, weights: Array) -> Array:
    found = []
    for probabilities in row.probabilities:
        log_odds = Calibration().logits(probabilities)
        values = (
            brier(row.labels, probabilities, weights),
            ece(row.labels, probabilities, weights),
            calibration_slope(row.labels, log_odds, weights),
            calibration_intercept(row.labels, log_odds, weights),
        )
        found.append(np.stack(values, axis=1))
    return np.stack(found)


def _ece(row: RowScores, own: NDArray[np.bool_]) -> float:
    one = np.ones((1, int(own.sum())))
    return float(np.mean([ece(row.labels[own], p[own], one)[0] for p in row.probabilities]))


def _chance(row: RowScores, own: NDArray[np.bool_]) -> float:
    from covidcls.evaluation.measure import ece_by_chance

    patients = np.asarray(row.patients)[own].tolist()
    return float(np.mean([ece_by_chance(p[own], patients) for p in row.probabilities]))
