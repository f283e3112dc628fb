"""Intervals over patients and seeds of what is measured on each training of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import RowScores
from lungseg.bootstrap import Interval, draw_weights

Array = NDArray[np.float64]
Measure = Callable[[RowScores, Array], Array]  # of each seed for weights B x N: S x B x K


def intervals_of(
    row: RowScores, names: Sequence[str], measure: Measure, resamples: int = 2000, seed: int = 0
) -> dict[str, Interval]:
    """Each of ``names``, which ``measure`` gives, as the mean over seeds with its 95 % interval.

    Every resample draws patients with all their slices, and seeds, both with replacement. Of one
    seed there is nothing to draw: the interval is over patients alone, and too narrow.
    """
    n_seeds, n_slices = row.probabilities.shape
    rng = np.random.default_rng(seed)
    found = []
    for weights in draw_weights(row.patients, resamples, seed):
        drawn = rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=len(weights)) / n_seeds
        found.append(np.einsum("bs,sbk->bk", drawn, measure(row, weights)))
    values = measure(row, np.ones((1, n_slices)))[:, 0].mean(axis=0)
    every = np.concatenate(found)
    answered = ~np.isnan(every).all(axis=0)  # nothing called in any resample: no precision
    low, high = np.full((2, len(names)), np.nan)
    low[answered], high[answered] = np.nanpercentile(every[:, answered], (2.5, 97.5), axis=0)
    n_groups = len(set(row.patients))
    return {
        name: Interval(float(value), float(a), float(b), n_slices, n_groups)
        for name, value, a, b in zip(names, values, low, high, strict=True)
    }
