"""The figures of a classifier, as scikit-learn defines them, with clustered intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from covidcls.evaluation.scored import Scored
from covidcls.statistics import bins_of, ece, figures
from lungseg.bootstrap import Interval

FIGURES = (
    "accuracy",
    "recall",
    "specificity",
    "precision",
    "npv",
    "f1",
    "balanced_accuracy",
    "mcc",
    "auc",
    "pr_auc",
    "brier",
    "ece",
)


def measure(scored: Scored, threshold: float) -> dict[str, Interval]:
    """Every one of FIGURES, COVID-19 called at ``probability >= threshold``.

    Values by scikit-learn, 95 % intervals by the bootstrap over ``scored.groups``. NaN where a
    figure has nothing to divide by, such as ``precision`` when nothing is called.
    """
    values = _values(scored, threshold)
    found = figures(scored.labels.tolist(), scored.probabilities.tolist(), threshold, scored.groups)
    return {name: replace(found[name], value=values[name]) for name in FIGURES}


def ece_by_chance(
    probabilities: NDArray[np.float64], groups: Sequence[str], draws: int = 2000, seed: int = 0
) -> float:
    """The calibration error to expect of probabilities (N) that are right: few slices make some.

    Labels are drawn by the probabilities; slices of one of ``groups`` share their luck, since a
    patient has the disease or not: COVID-19 on each whose probability is above one number.
    """
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    luck = np.random.default_rng(seed).random((draws, int(group.max()) + 1))
    gaps = (probabilities - (luck[:, group] < probabilities)) @ bins_of(probabilities)
    return float(np.abs(gaps).sum(axis=1).mean() / probabilities.size)


def _values(scored: Scored, threshold: float) -> dict[str, float]:
    from sklearn import metrics

    truth, probability = scored.labels, scored.probabilities
    called = (probability >= threshold).astype(int)
    nothing = {"zero_division": np.nan}
    values = {
        "accuracy": metrics.accuracy_score(truth, called),
        "recall": metrics.recall_score(truth, called),
        "specificity": metrics.recall_score(truth, called, pos_label=0),
        "precision": metrics.precision_score(truth, called, **nothing),
        "npv": metrics.precision_score(truth, called, pos_label=0, **nothing),
        "f1": metrics.f1_score(truth, called),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, called),
        "mcc": metrics.matthews_corrcoef(truth, called),
        "auc": metrics.roc_auc_score(truth, probability),
        "pr_auc": metrics.average_precision_score(truth, probability),
        "brier": metrics.brier_score_loss(truth, probability),
        "ece": ece(truth, probability, np.ones((1, truth.size)))[0],  # scikit-learn has none
    }
    return {name: float(value) for name, value in values.items()}
