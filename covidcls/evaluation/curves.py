"""The numbers behind each figure: tables of columns, with bands where slices were resampled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from covidcls.evaluation.scored import Scored
from covidcls.statistics import ECE_BINS, Labels, bins_of
from lungseg.bootstrap import intervals

Array = NDArray[np.float64]
Table = dict[str, Array]

STEPS = 200  # of the rate that a curve runs along
SCORE_BINS = 20  # of the histogram


def roc(scored: Scored) -> Table:
    """``recall`` at a false positive rate of at most so much, with ``low`` and ``high`` (95 %).

    Where scores tie, the curve steps below the straight line that AUC counts.
    """
    rates = np.linspace(0, 1, STEPS + 1)

    def statistic(weights: Array) -> Array:
        recall, alarms, _ = _falling(scored, weights)
        return _rows(lambda row: recall[row][_last_up_to(alarms[row], rates)], recall)

    return {"false_positive_rate": rates, **_band("recall", statistic, scored)}


def precision_recall(scored: Scored) -> Table:
    """``precision`` at the highest threshold with a recall of at least so much; with a band."""
    rates = np.linspace(0, 1, STEPS + 1)[1:]  # a recall of 0 calls nothing: no precision

    def statistic(weights: Array) -> Array:
        recall, _, precision = _falling(scored, weights)
        return _rows(lambda row: precision[row][_first_from(recall[row], rates)], recall)

    return {"recall": rates, **_band("precision", statistic, scored)}


def reliability(scored: Scored) -> Table:
    """Each bin of the calibration error that has slices: from, to, how many (``n``).

    ``probability``: their mean; ``share`` of positives, with ``low`` and ``high``.
    """
    members = bins_of(scored.probabilities)
    n = members.sum(axis=0)
    filled = n > 0
    edges = np.linspace(0, 1, ECE_BINS + 1)

    def statistic(weights: Array) -> Array:
        inside = weights @ members[:, filled]
        positive = (weights * scored.labels) @ members[:, filled]
        return np.divide(positive, inside, np.full_like(inside, np.nan), where=inside > 0)

    return {
        "from": edges[:-1][filled],
        "to": edges[1:][filled],
        "n": n[filled].astype(float),
        "probability": scored.probabilities @ members[:, filled] / n[filled],
        **_band("share", statistic, scored),
    }


def confusion_matrix(scored: Scored, threshold: float) -> Table:
    """Of each ``truth`` and each ``called`` (1 positive, 0 negative) how many (``n``)."""
    truth, called = np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0])
    said = scored.probabilities >= threshold
    n = [np.sum((scored.labels == t) & (said == c)) for t, c in zip(truth, called, strict=True)]
    return {"truth": truth.astype(float), "called": called.astype(float), "n": np.array(n, float)}


def misclassified(scored: Scored, threshold: float) -> Table:
    """Of slices on the wrong side of ``threshold`` how many have a probability from, to."""
    said = scored.probabilities >= threshold
    edges = np.linspace(0, 1, SCORE_BINS + 1)

    def count(wrong: NDArray[np.bool_]) -> Array:
        return np.histogram(scored.probabilities[wrong], edges)[0].astype(float)

    return {
        "from": edges[:-1],
        "to": edges[1:],
        "false_positives": count(said & (scored.labels == 0)),
        "false_negatives": count(~said & (scored.labels == 1)),
    }


def decision_curve(scored: Scored) -> Table:
    """Net benefit of acting from each probability on (Vickers & Elkin 2006, eq. 1), with a band.

    In true positives per slice: a false alarm costs ``threshold / (1 - threshold)`` of one.
    ``all``: of acting always; of never acting it is 0.
    """
    thresholds = np.arange(1, 100) / 100
    price = thresholds / (1 - thresholds)
    called = scored.probabilities[:, None] >= thresholds
    gain = called * np.where(scored.labels[:, None] == 1, 1.0, -price)

    def statistic(weights: Array) -> Array:
        result: Array = weights @ gain / weights.sum(axis=1, keepdims=True)
        return result

    share = scored.labels.mean()
    return {
        "threshold": thresholds,
        **_band("net_benefit", statistic, scored),
        "all": share - (1 - share) * price,
    }


def _band(name: str, statistic: Callable[[Array], Array], scored: Scored) -> Table:
    found = intervals(statistic, scored.groups)
    return {
        name: np.array([one.value for one in found]),
        "low": np.array([one.low for one in found]),
        "high": np.array([one.high for one in found]),
    }


def _falling(scored: Scored, weights: Array) -> tuple[Array, Array, Array]:
    """Recall, false positive rate and precision as the threshold falls from above all scores.

    Weights B x N: each B x (1 + different scores); NaN where a row has one class only.
    """
    labels: Labels = scored.labels
    order = np.argsort(-scored.probabilities, kind="stable")
    ends = np.flatnonzero(np.diff(scored.probabilities[order], append=np.nan))
    ordered = weights[:, order]
    found = np.cumsum(ordered * labels[order], axis=1)[:, ends]
    alarms = np.cumsum(ordered * (1 - labels[order]), axis=1)[:, ends]
    found, alarms = (np.pad(counts, ((0, 0), (1, 0))) for counts in (found, alarms))
    both = (found[:, -1:] > 0) & (alarms[:, -1:] > 0)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that is meant
        recall = np.where(both, found / found[:, -1:], np.nan)
        rate = np.where(both, alarms / alarms[:, -1:], np.nan)
        precision = np.where(both, found / (found + alarms), np.nan)
    return recall, rate, precision


def _rows(read: Callable[[int], Array], values: Array) -> Array:
    return np.stack([read(row) for row in range(len(values))])


def _last_up_to(rising: Array, limits: Array) -> NDArray[np.intp]:
    return np.searchsorted(rising, limits + 1e-9, side="right") - 1


def _first_from(rising: Array, limits: Array) -> NDArray[np.intp]:
    return np.minimum(np.searchsorted(rising, limits - 1e-9), len(rising) - 1)
