"""Every figure of a segmenter, defined once for cards and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lungseg.bootstrap import Interval, interval, mean_interval
from lungseg.metrics import Overlap


@dataclass(frozen=True)
class Summary:
    """A score over slices: its ``mean`` with interval, ``median``, and mean of the worst tenth."""

    mean: Interval
    median: float
    worst_decile: float


def summary(
    scores: Sequence[float], groups: Sequence[str], worst: Literal["lowest", "highest"] = "lowest"
) -> Summary:
    """Summary of one score a slice; the interval is clustered by ``groups``, one a slice.

    ``worst``: which tenth is the worst. Raises ValueError without scores.
    """
    if not scores:
        raise ValueError("no score to summarise")
    values = np.asarray(scores, float)
    sign = 1 if worst == "lowest" else -1
    return Summary(
        mean_interval(values, groups),
        float(np.median(values)),
        sign * float(worst_decile(sign * values, np.ones((1, len(values))))[0]),
    )


def pooled_dice(overlaps: Sequence[Overlap], groups: Sequence[str]) -> Interval:
    """Dice of all slices as if they were one; slices without target count by what was found there.

    Raises ValueError where neither truth nor prediction has a pixel.
    """
    if not any(one.predicted + one.true for one in overlaps):
        raise ValueError("no pixel to pool")
    return interval(lambda weights: pooled(overlaps, weights), groups)


def pooled(overlaps: Sequence[Overlap], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pooled Dice for weights B x N of the slices: B values.

    NaN where a resample has no pixel to pool, as one of empty slices alone.
    """
    common = weights @ np.array([2 * one.common for one in overlaps], float)
    total = weights @ np.array([one.predicted + one.true for one in overlaps], float)
    return np.divide(common, total, np.full(len(total), np.nan), where=total > 0)


def left_empty(overlaps: Sequence[Overlap], groups: Sequence[str]) -> Interval:
    """Share of slices without target whose prediction is empty too."""
    return mean_interval(np.array([one.left_empty for one in overlaps], float), groups)


def worst_decile(
    scores: np.ndarray[tuple[int], np.dtype[np.float64]],
    weights: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Mean of the lowest tenth of ``scores`` (N), for weights B x N: B values."""
    order = np.argsort(scores)
    counts = weights[:, order]
    tenth = counts.sum(axis=1, keepdims=True) / 10
    before = np.cumsum(counts, axis=1) - counts
    taken = np.clip(tenth - before, 0, counts)
    result: np.ndarray[tuple[int], np.dtype[np.float64]] = taken @ scores[order] / taken.sum(axis=1)
    return result
