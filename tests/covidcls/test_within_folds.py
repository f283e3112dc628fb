"""AUC of pairs within folds, and its variance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.evaluation.paired import delong
from covidcls.statistics import auc
from covidcls.within_folds import auc_within, delong_within
from lungseg.errors import UsageError

N = 60
RNG = np.random.default_rng(2)
LABELS = np.arange(N) % 2
FOLDS = np.arange(N) // 20
PATIENTS = [str(number // 4 * 2 + number % 2) for number in range(N)]
SCORES = RNG.normal(LABELS, 1).round(1)


def slow(scores: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Every pair of one fold by itself."""
    right = pairs = 0.0
    for one in np.flatnonzero(LABELS == 1):
        for other in np.flatnonzero((LABELS == 0) & (FOLDS[one] == FOLDS)):
            weight = weights[one] * weights[other]
            right += weight * ((scores[one] > scores[other]) + (scores[one] == scores[other]) / 2)
            pairs += weight
    return right / pairs


def test_pairs_of_two_folds_count_nothing() -> None:
    weights = RNG.integers(0, 3, (5, N)).astype(float)
    found = auc_within(LABELS, SCORES, FOLDS, weights)
    assert found == pytest.approx([slow(SCORES, one) for one in weights])
    assert auc_within(LABELS, SCORES + 9 * FOLDS, FOLDS, weights) == pytest.approx(found)


def test_one_fold_has_the_plain_auc_and_no_pair_no_answer() -> None:
    one = np.ones((1, N))
    assert auc_within(LABELS, SCORES, FOLDS * 0, one) == auc(LABELS, SCORES, one)
    assert np.isnan(auc_within(LABELS, SCORES, FOLDS, LABELS[None] * 1.0)).all()


def test_of_one_fold_it_is_delong_and_of_several_their_sum() -> None:
    a, b = SCORES[None], RNG.normal(2 * LABELS, 1, (1, N))
    whole = delong(LABELS.tolist(), a, b, PATIENTS)
    found = delong_within(LABELS, FOLDS * 0, (a, b), PATIENTS)
    assert found == pytest.approx((whole.difference, whole.standard_error))

    moved = (a + 9 * FOLDS, b - 5 * FOLDS)
    difference, error = delong_within(LABELS, FOLDS, moved, PATIENTS)
    one = np.ones((1, N))
    expected = [auc_within(LABELS, scores[0], FOLDS, one)[0] for scores in (a, b)]
    assert difference == pytest.approx(expected[1] - expected[0])
    names = np.array(PATIENTS)
    left_out = np.array([names != name for name in sorted(set(PATIENTS))], float)
    jackknife = auc_within(LABELS, b[0], FOLDS, left_out) - auc_within(
        LABELS, a[0], FOLDS, left_out
    )
    n = len(left_out)
    assert error**2 == pytest.approx((n - 1) ** 2 / n * jackknife.var(ddof=1), rel=0.15)


def test_a_fold_with_one_patient_of_a_class_cannot_be_tested() -> None:
    names = np.where(FOLDS == 0, LABELS.astype(str), PATIENTS).tolist()
    with pytest.raises(UsageError, match="two patients"):
        delong_within(LABELS, FOLDS, (SCORES[None], SCORES[None]), names)
