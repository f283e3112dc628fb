"""Intervals by resampling whole groups (patients), because slices of one patient are alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Of 10 normal values a 95 % percentile interval of the mean holds it 90 times in 100, of 5 it does
# 84 times.
FEW_GROUPS = 10
AT_ONCE = 4_000_000  # weights in memory: 32 MB, where all of 100,000 slices would take gigabytes


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % percentile interval, and of how many groups and items it is; for a
    proportion see :func:`of_proportion` too."""

    value: float
    low: float
    high: float
    n: int
    n_groups: int

    def as_dict(self) -> dict[str, float | int | None]:
        """For a card or a JSON report, to four digits; None for what is no number."""
        return {name: None if isnan(v) else round(v, 4) for name, v in asdict(self).items()}


def draw_weights(groups: Sequence[str], resamples: int = 2000, seed: int = 0) -> Iterator[Array]:
    """How often each item counts in each resample of the groups: blocks of resamples x items."""
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    n_groups = int(index.max()) + 1
    rng = np.random.default_rng(seed)
    most = max(AT_ONCE // len(groups), 1)
    for start in range(0, resamples, most):
        rows = min(most, resamples - start)
        counts = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=rows)
        yield counts[:, index].astype(np.float64)


def interval(
    statistic: Callable[[Array], Array],
    groups: Sequence[str],
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile interval of a weighted statistic, clustered by ``groups``.

    ``statistic``: weights B x N to B values; NaN where a resample has no answer (one class only),
    which is left out.
    """
    [found] = intervals(lambda weights: statistic(weights)[:, None], groups, resamples, seed)
    return found


def intervals(
    statistic: Callable[[Array], Array],
    groups: Sequence[str],
    resamples: int = 2000,
    seed: int = 0,
) -> list[Interval]:
    """Of K figures that are taken of the same resamples: ``statistic`` gives B x K values."""
    values = statistic(np.ones((1, len(groups))))[0]
    drawn = draw_weights(groups, resamples, seed)
    found = np.concatenate([statistic(weights) for weights in drawn])
    answered = ~np.isnan(found).all(axis=0)
    ends = np.full((2, len(values)), np.nan)
    ends[:, answered] = np.nanpercentile(found[:, answered], (2.5, 97.5), axis=0)
    n, n_groups = len(groups), len(set(groups))
    return [
        Interval(float(value), float(low), float(high), n, n_groups)
        for value, low, high in zip(values, *ends, strict=True)
    ]


def mean_interval(values: Array, groups: Sequence[str], seed: int = 0) -> Interval:
    """Interval of the mean of ``values`` (N) over ``groups``."""
    return interval(lambda weights: weights @ values / weights.sum(axis=1), groups, seed=seed)


def of_proportion(found: Interval, n_groups: int) -> Interval:
    """A proportion, whose resamples are all 0 or all 1 where it is: then with the 95 % interval of
    Clopper and Pearson (1934).

    ``n_groups``: how many have an item that counts; each counts once, as if its items were one.
    """
    ends = (found.value, found.low, found.high)
    # their closed form at the ends: SciPy, which has the rest of it, is no part of the base install
    tail = (0.05 / 2) ** (1 / max(n_groups, 1))
    if np.allclose(ends, 1):
        return replace(found, low=tail)
    if np.allclose(ends, 0):
        return replace(found, high=1 - tail)
    return found


def of_few(n_groups: int, clusters: str) -> str | None:
    """A warning of intervals over so few groups, each a ``clusters`` (``patient``).

    None for enough, and for none.
    """
    if n_groups == 1:
        return f"one {clusters} alone gives intervals without width"
    if 1 < n_groups < FEW_GROUPS:
        return f"an interval over {n_groups} {clusters}s is a range, not more"
    return None
