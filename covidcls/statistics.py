"""Figures of a binary classifier from weighted slices, vectorised over bootstrap resamples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lungseg.bootstrap import Interval, interval
from lungseg.errors import UsageError

Array = NDArray[np.float64]


def auc(labels: NDArray[np.int_], scores: Array, weights: Array) -> Array:
    """Area under the ROC curve (Mann-Whitney, ties count half), weights B x N: B values.

    NaN where a row of ``weights`` has one class only.
    """
    order = np.argsort(scores, kind="stable")
    _, start = np.unique(scores[order], return_index=True)
    positive = np.add.reduceat(weights[:, order] * labels[order], start, axis=1)
    negative = np.add.reduceat(weights[:, order] * (1 - labels[order]), start, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = np.where(pairs > 0, (positive * below).sum(axis=1) / pairs, np.nan)
    return result


def at_threshold(
    labels: NDArray[np.int_], scores: Array, threshold: float, weights: Array
) -> dict[str, Array]:
    """Accuracy, recall, specificity, precision and F1 at ``scores >= threshold``; B values each.

    NaN where a figure has nothing to divide by.
    """
    called = scores >= threshold
    positive = labels == 1
    tp = weights @ (called & positive)
    fp = weights @ (called & ~positive)
    fn = weights @ (~called & positive)
    tn = weights @ (~called & ~positive)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "accuracy": (tp + tn) / (tp + fp + fn + tn),
            "recall": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "precision": tp / (tp + fp),
            "f1": 2 * tp / (2 * tp + fp + fn),
        }


def figures(
    labels: Sequence[int],
    scores: Sequence[float],
    threshold: float,
    groups: Sequence[str],
    seed: int = 0,
) -> dict[str, Interval]:
    """AUC and the figures at ``threshold``, each with its interval clustered by ``groups``.

    Raises UsageError when one class is missing: AUC needs both.
    """
    truth, score = np.asarray(labels, int), np.asarray(scores, float)
    if len(set(truth.tolist())) < 2:
        raise UsageError("the figures need slices of both classes, and here is one only")
    found = {"auc": interval(lambda w: auc(truth, score, w), groups, seed=seed)}
    for name in ("accuracy", "recall", "specificity", "precision", "f1"):
        found[name] = interval(
            lambda w, name=name: at_threshold(truth, score, threshold, w)[name],  # type: ignore[misc]  # bound now
            groups,
            seed=seed,
        )
    return found
