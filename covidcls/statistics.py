"""Figures of a binary classifier from weighted slices, vectorised over bootstrap resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lungseg.bootstrap import Interval, intervals, of_proportion
from lungseg.errors import UsageError

Array = NDArray[np.float64]
Labels = NDArray[np.int_]

ECE_BINS = 10  # of equal width from 0 to 1


def auc(labels: Labels, scores: Array, weights: Array) -> Array:
    """Area under the ROC curve (Mann-Whitney, ties count half), weights B x N: B values.

    NaN where a row of ``weights`` has one class only.
    """
    positive, negative = _by_score(labels, scores, weights)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return _ratio((positive * below).sum(axis=1), pairs)


def mean_auc(
    labels: NDArray[np.int_], scores: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """AUC of each class against the others, averaged over classes: B values for weights B x N.

    Of two classes this is their AUC. NaN where a row of ``weights`` leaves a class out.
    """
    of_class = [
        auc((labels == code).astype(int), column, weights) for code, column in enumerate(scores.T)
    ]
    return np.mean(of_class, axis=0)


def pr_auc(labels: Labels, scores: Array, weights: Array) -> Array:
    """Average precision: the sum of precision times the step in recall; B values.

    NaN where a row of ``weights`` has no positive.
    """
    positive, negative = _by_score(labels, scores, weights)
    called = np.cumsum(positive[:, ::-1], axis=1)
    alarms = np.cumsum(negative[:, ::-1], axis=1)
    # no weight so far: no step in recall, whatever the precision
    precision = np.divide(called, called + alarms, np.zeros_like(called), where=called > 0)
    return _ratio((positive[:, ::-1] * precision).sum(axis=1), positive.sum(axis=1))


def at_threshold(
    labels: Labels, scores: Array, threshold: float, weights: Array
) -> dict[str, Array]:
    """What the confusion matrix at ``scores >= threshold`` says; B values each.

    NaN where a figure has nothing to divide by; but ``mcc`` (Matthews 1975) is 0 then, as in
    scikit-learn.
    """
    called = scores >= threshold
    positive = labels == 1
    tp = weights @ (called & positive)
    fp = weights @ (called & ~positive)
    fn = weights @ (~called & positive)
    tn = weights @ (~called & ~positive)
    recall, specificity = _ratio(tp, tp + fn), _ratio(tn, tn + fp)
    margins = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return {
        "accuracy": _ratio(tp + tn, tp + fp + fn + tn),
        "recall": recall,
        "specificity": specificity,
        "precision": _ratio(tp, tp + fp),
        "npv": _ratio(tn, tn + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "balanced_accuracy": (recall + specificity) / 2,
        "mcc": np.nan_to_num(_ratio(tp * tn - fp * fn, margins)),
    }


def counted_by(labels: Labels, called: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Which slices (N) each proportion of :func:`at_threshold` counts."""
    return {
        "accuracy": np.ones(len(labels), bool),
        "recall": labels == 1,
        "specificity": labels == 0,
        "precision": called,
        "npv": ~called,
    }


def with_exact_ends(
    found: Mapping[str, Interval], counted: Mapping[str, NDArray[np.bool_]], groups: Sequence[str]
) -> dict[str, Interval]:
    """``found`` with the intervals of :func:`lungseg.bootstrap.of_proportion`, over the groups of
    the slices that are ``counted``."""
    group = np.asarray(groups)
    exact = {
        name: of_proportion(found[name], len(set(group[own].tolist())))
        for name, own in counted.items()
        if name in found
    }
    return {**found, **exact}


def brier(labels: Labels, probabilities: Array, weights: Array) -> Array:
    """Mean squared distance of probability and label (Brier 1950); B values."""
    return _ratio(weights @ (probabilities - labels) ** 2, weights.sum(axis=1))


def bins_of(probabilities: Array) -> NDArray[np.bool_]:
    """Which of ECE_BINS each probability in [0, 1] lies in: bool N x bins; 1 is in the last."""
    number = np.minimum((probabilities * ECE_BINS).astype(int), ECE_BINS - 1)
    result: NDArray[np.bool_] = number[:, None] == np.arange(ECE_BINS)
    return result


def ece(labels: Labels, probabilities: Array, weights: Array) -> Array:
    """Expected calibration error (Naeini et al. 2015) of the positive class; B values.

    The distance of mean probability and share of positives in each bin, weighted by its slices.
    """
    bins = bins_of(probabilities)
    gaps = weights @ (bins * (probabilities - labels)[:, None])
    return _ratio(np.abs(gaps).sum(axis=1), weights.sum(axis=1))


def every_figure(
    labels: Labels, probabilities: Array, threshold: float, weights: Array
) -> dict[str, Array]:
    """All figures of this file by name, of weights B x N: B values each."""
    return {
        "auc": auc(labels, probabilities, weights),
        "pr_auc": pr_auc(labels, probabilities, weights),
        **at_threshold(labels, probabilities, threshold, weights),
        "brier": brier(labels, probabilities, weights),
        "ece": ece(labels, probabilities, weights),
    }


def figures(
    labels: Sequence[int],
    scores: Sequence[float],
    threshold: float,
    groups: Sequence[str],
    seed: int = 0,
) -> dict[str, Interval]:
    """Every figure, each with its interval clustered by ``groups``; ``scores`` in [0, 1].

    A proportion of 0 or 1 has that of :func:`lungseg.bootstrap.of_proportion`. Raises UsageError
    when one class is missing: AUC needs both.
    """
    truth, score = np.asarray(labels, int), np.asarray(scores, float)
    if len(set(truth.tolist())) < 2:
        raise UsageError("the figures need slices of both classes, and here is one only")
    names = list(every_figure(truth, score, threshold, np.ones((1, len(truth)))))

    def statistic(weights: Array) -> Array:
        return np.stack(list(every_figure(truth, score, threshold, weights).values()), axis=1)

    found = dict(zip(names, intervals(statistic, groups, seed=seed), strict=True))
    return with_exact_ends(found, counted_by(truth, score >= threshold), groups)


def _by_score(labels: Labels, scores: Array, weights: Array) -> tuple[Array, Array]:
    """Weight of positives and of negatives at each different score, rising: B x scores each."""
    order = np.argsort(scores, kind="stable")
    _, start = np.unique(scores[order], return_index=True)
    ordered = weights[:, order]
    positive = np.add.reduceat(ordered * labels[order], start, axis=1)
    negative = np.add.reduceat(ordered * (1 - labels[order]), start, axis=1)
    return positive, negative


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, np.full_like(below, np.nan), where=below > 0)
