"""Where to cut a probability into two answers, and between which ones to give none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from covidcls.statistics import figures

AimName = Literal["youden", "sensitive", "specific", "cost"]
AIM_NAMES: tuple[AimName, ...] = get_args(AimName)
DEFAULT_AIM: AimName = "youden"
Band = Literal["below", "indeterminate", "above"]

AIMED_AT = 0.95  # recall of ``sensitive``, specificity of ``specific``
COST_OF_A_MISS = 5.0  # false alarms that a missed COVID-19 slice is worth; a choice, not a finding

AIMS: dict[AimName, str] = {
    "youden": "highest recall + specificity (Youden 1950)",
    "sensitive": f"highest threshold with a recall of at least {AIMED_AT}",
    "specific": f"lowest threshold with a specificity of at least {AIMED_AT}",
    "cost": f"lowest cost, a missed COVID-19 slice counting as {COST_OF_A_MISS:g} false alarms",
}
BAND_AIM = (
    f"between the threshold for a recall and that for a specificity of {AIMED_AT}: above it few "
    "alarms are false, below it few cases are missed (grey zone, Coste & Pouchot 2003)"
)


def youden_threshold(labels: Sequence[int], scores: Sequence[float]) -> float:
    """The threshold t with the highest recall + specificity of ``scores >= t``.

    Labels are 1 and 0, scores from 0 to 1. Midway between neighbouring scores; the lowest of
    equally good ones. Raises ValueError where a class is missing.
    """
    thresholds, recall, specificity = _reached(labels, scores)
    return float(thresholds[int(np.argmax(recall + specificity))])


def sensitive_threshold(
    labels: Sequence[int], scores: Sequence[float], aim: float = AIMED_AT
) -> float:
    """The highest threshold whose recall is at least ``aim``; see :func:`youden_threshold`."""
    thresholds, recall, _ = _reached(labels, scores)
    return float(thresholds[recall >= aim][-1])


def specific_threshold(
    labels: Sequence[int], scores: Sequence[float], aim: float = AIMED_AT
) -> float:
    """The lowest threshold whose specificity is at least ``aim``; see :func:`youden_threshold`.

    1 where none is, because too many negatives have a score of 1.
    """
    thresholds, _, specificity = _reached(labels, scores)
    return float(next(iter(thresholds[specificity >= aim]), 1.0))


def cost_threshold(
    labels: Sequence[int], scores: Sequence[float], cost_of_a_miss: float = COST_OF_A_MISS
) -> float:
    """The threshold of the lowest cost, in false alarms, at the share of positives given here.

    The lowest of equally good ones; see :func:`youden_threshold`.
    """
    thresholds, recall, specificity = _reached(labels, scores)
    positives = np.sum(labels)
    misses, alarms = (1 - recall) * positives, (1 - specificity) * (len(labels) - positives)
    cost = np.round(cost_of_a_miss * misses + alarms, 6)  # so that equal costs are equal
    return float(thresholds[int(np.argmin(cost))])


CHOOSE: dict[AimName, Callable[[Sequence[int], Sequence[float]], float]] = {
    "youden": youden_threshold,
    "sensitive": sensitive_threshold,
    "specific": specific_threshold,
    "cost": cost_threshold,
}


def choose_operating_points(
    labels: Sequence[int], probabilities: Sequence[float], groups: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What a card says of each aim: ``threshold``, ``aim``, and what it reaches here.

    ``recall`` and ``specificity`` have intervals clustered by ``groups``.
    """
    points: dict[str, dict[str, Any]] = {}
    for name, choose in CHOOSE.items():
        threshold = round(choose(labels, probabilities), 6)
        found = figures(labels, probabilities, threshold, groups)
        points[name] = {
            "threshold": threshold,
            "aim": AIMS[name],
            **{figure: found[figure].as_dict() for figure in ("recall", "specificity")},
        }
    return points


def choose_band(labels: Sequence[int], probabilities: Sequence[float]) -> dict[str, Any]:
    """What a card says of the band without an answer: ``low``, ``high`` and ``aim``.

    ``low`` = ``high``, an empty band, where one threshold meets both aims.
    """
    low = sensitive_threshold(labels, probabilities)
    high = specific_threshold(labels, probabilities)
    if low >= high:
        low = high = (low + high) / 2
    return {"low": round(low, 6), "high": round(high, 6), "aim": BAND_AIM}


def thresholds_of(card: Mapping[str, Any]) -> dict[str, float]:
    """Threshold by the name of its aim; a card from before there were several has Youden's."""
    points = card.get("operating_points")
    if points is None:
        return {DEFAULT_AIM: float(card["threshold"])}
    return {str(name): float(point["threshold"]) for name, point in points.items()}


def band_of(card: Mapping[str, Any]) -> tuple[float, float] | None:
    """``(low, high)`` of the band without an answer; None where the card has none."""
    band = card.get("indeterminate")
    return None if band is None else (float(band["low"]), float(band["high"]))


def place(probability: float, band: tuple[float, float] | None) -> Band | None:
    """Where a probability lies: indeterminate from low up to, not including, high."""
    if band is None:
        return None
    low, high = band
    if probability < low:
        return "below"
    return "indeterminate" if probability < high else "above"


def _reached(
    labels: Sequence[int], scores: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Each threshold that makes a difference, rising, with its recall and its specificity."""
    truth, score = np.asarray(labels, int), np.asarray(scores, float)
    if not 0 < truth.sum() < truth.size:
        raise ValueError("a threshold needs scores of both classes")
    levels = np.unique(score)
    # from calling every slice to calling none, unless some score is 1
    between = np.concatenate([levels[:1], (levels[1:] + levels[:-1]) / 2, (levels[-1:] + 1) / 2])
    positives, negatives = np.sort(score[truth == 1]), np.sort(score[truth == 0])
    recall = (positives.size - np.searchsorted(positives, between)) / positives.size
    specificity = np.searchsorted(negatives, between) / negatives.size
    return between, recall, specificity
