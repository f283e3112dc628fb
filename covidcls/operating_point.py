"""Where to cut a probability into two answers, and between which ones to give none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from covidcls.statistics import figures

AimName = Literal["youden", "sensitive", "specific", "cost"]
AIM_NAMES: tuple[AimName, ...] = get_args(AimName)
DEFAULT_AIM: AimName = "youden"
Band = Literal["below", "indeterminate", "above"]

Array = NDArray[np.float64]

AIMED_AT = 0.95  # recall of ``sensitive``, specificity of ``specific``
DIGITS = 6  # of a threshold in a card
COST_OF_A_MISS = 5.0  # false alarms that a missed COVID-19 slice is worth; a choice, not a finding

AIMS: dict[AimName, str] = {
    "youden": "highest recall + specificity (Youden 1950), sources counting alike",
    "sensitive": f"highest threshold with a recall of at least {AIMED_AT} on every source",
    "specific": f"lowest threshold with a specificity of at least {AIMED_AT} on every source",
    "cost": (
        f"lowest cost of a slice, a missed COVID-19 slice counting as {COST_OF_A_MISS:g} false "
        "alarms, sources counting alike"
    ),
}
BAND_AIM = (
    f"between the threshold for a recall and that for a specificity of {AIMED_AT} on every source: "
    "above it few alarms are false, below it few cases are missed (grey zone, Coste & Pouchot 2003)"
)


def youden_threshold(
    labels: Sequence[int], scores: Sequence[float], sources: Sequence[str] | None = None
) -> float:
    """The threshold t with the highest recall + specificity of ``scores >= t``, mean over sources.

    Labels are 1 and 0, scores from 0 to 1; ``sources`` names the data set of each, None is one for
    all. Midway between neighbouring scores, to DIGITS digits; the lowest of equally good ones.
    Raises ValueError where a source has not both classes, and for scores that are no numbers.
    """
    found = _reached(labels, scores, sources)
    both = np.round((found.recall + found.specificity).mean(axis=0), 9)  # so that equals are equal
    return float(found.thresholds[int(np.argmax(both))])


def sensitive_threshold(
    labels: Sequence[int],
    scores: Sequence[float],
    sources: Sequence[str] | None = None,
    *,
    aim: float = AIMED_AT,
) -> float:
    """The highest threshold whose recall is at least ``aim`` on every source; see
    :func:`youden_threshold`."""
    found = _reached(labels, scores, sources)
    return float(found.thresholds[(found.recall >= aim).all(axis=0)][-1])


def specific_threshold(
    labels: Sequence[int],
    scores: Sequence[float],
    sources: Sequence[str] | None = None,
    *,
    aim: float = AIMED_AT,
) -> float:
    """The lowest threshold whose specificity is at least ``aim`` on every source; see
    :func:`youden_threshold`.

    1 where none is, because too many negatives have a score of 1.
    """
    found = _reached(labels, scores, sources)
    return float(next(iter(found.thresholds[(found.specificity >= aim).all(axis=0)]), 1.0))


def cost_threshold(
    labels: Sequence[int],
    scores: Sequence[float],
    sources: Sequence[str] | None = None,
    *,
    cost_of_a_miss: float = COST_OF_A_MISS,
) -> float:
    """The threshold of the lowest cost of a slice, in false alarms, at the share of positives of
    each source, mean over sources.

    The lowest of equally good ones; see :func:`youden_threshold`.
    """
    found = _reached(labels, scores, sources)
    misses = (1 - found.recall) * found.positive[:, None]
    alarms = (1 - found.specificity) * (1 - found.positive[:, None])
    cost = np.round((cost_of_a_miss * misses + alarms).mean(axis=0), 9)  # so that equals are equal
    return float(found.thresholds[int(np.argmin(cost))])


Choose = Callable[[Sequence[int], Sequence[float], Sequence[str] | None], float]
CHOOSE: dict[AimName, Choose] = {
    "youden": youden_threshold,
    "sensitive": sensitive_threshold,
    "specific": specific_threshold,
    "cost": cost_threshold,
}


def choose_operating_points(
    labels: Sequence[int],
    probabilities: Sequence[float],
    groups: Sequence[str],
    sources: Sequence[str] | None = None,
) -> dict[str, dict[str, Any]]:
    """What a card says of each aim: ``threshold``, ``aim``, and what it reaches here.

    ``recall`` and ``specificity`` have intervals clustered by ``groups``; they are those of all
    slices, and with several ``sources`` those of each stand in ``by_source``.
    """
    truth, probability, group = (np.asarray(one) for one in (labels, probabilities, groups))
    every = np.ones(truth.size, bool)
    source = every if sources is None else np.asarray(sources)
    names = [] if sources is None else list(dict.fromkeys(sources))

    def reached(own: NDArray[np.bool_], threshold: float) -> dict[str, Any]:
        found = figures(
            truth[own].tolist(), probability[own].tolist(), threshold, group[own].tolist()
        )
        return {figure: found[figure].as_dict() for figure in ("recall", "specificity")}

    points: dict[str, dict[str, Any]] = {}
    for name, choose in CHOOSE.items():
        threshold = choose(labels, probabilities, sources)
        points[name] = {
            "threshold": threshold,
            "aim": AIMS[name],
            **reached(every, threshold),
        }
        if len(names) > 1:
            points[name]["by_source"] = {one: reached(source == one, threshold) for one in names}
    return points


def choose_band(
    labels: Sequence[int],
    probabilities: Sequence[float],
    sources: Sequence[str] | None = None,
) -> dict[str, Any]:
    """What a card says of the band without an answer: ``low``, ``high`` and ``aim``.

    ``low`` = ``high``, an empty band, where one threshold meets both aims.
    """
    low = sensitive_threshold(labels, probabilities, sources)
    high = specific_threshold(labels, probabilities, sources)
    if low >= high:
        low = high = round((low + high) / 2, DIGITS)
    return {"low": low, "high": high, "aim": BAND_AIM}


def thresholds_of(card: Mapping[str, Any]) -> dict[str, float]:
    """Threshold by the name of its aim; a card from before there were several has Youden's."""
    points = card.get("operating_points")
    if points is None:
        return {DEFAULT_AIM: float(card["threshold"])}
    return {str(name): float(point["threshold"]) for name, point in points.items()}


def out_of_fold(card: Mapping[str, Any]) -> bool:
    """Whether folds chose what the card says, and not one part that was kept for validation."""
    return "folds" in card.get("training", {})


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


@dataclass(frozen=True)
class _Reached:
    """``recall`` and ``specificity`` S x T of S sources at T rising ``thresholds``, and the share S
    of ``positive`` slices in each source."""

    thresholds: Array
    recall: Array
    specificity: Array
    positive: Array


def _reached(
    labels: Sequence[int], scores: Sequence[float], sources: Sequence[str] | None
) -> _Reached:
    """At each threshold that makes a difference."""
    truth, score = np.asarray(labels, int), np.asarray(scores, float)
    names = np.zeros(truth.size) if sources is None else np.asarray(sources)
    if not np.isfinite(score).all():
        raise ValueError("a threshold needs scores that are numbers")
    levels = np.unique(score)
    # from calling every slice to calling none, unless some score is 1
    ends = levels[:1] / 2, (levels[-1:] + 1) / 2
    between = np.concatenate([ends[0], (levels[1:] + levels[:-1]) / 2, ends[1]])
    between = np.round(between, DIGITS)  # before anything is counted: as a card has it
    recall, specificity, positive = [], [], []
    for name in np.unique(names):
        own = names == name
        positives, negatives = (np.sort(score[own & (truth == label)]) for label in (1, 0))
        if not positives.size or not negatives.size:
            raise ValueError("a threshold needs scores of both classes, of every source")
        recall.append((positives.size - np.searchsorted(positives, between)) / positives.size)
        specificity.append(np.searchsorted(negatives, between) / negatives.size)
        positive.append(positives.size / own.sum())
    return _Reached(between, np.array(recall), np.array(specificity), np.array(positive))
