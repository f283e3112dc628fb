"""Figures of a row with intervals over patients and seeds, and its tests against another row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import RowScores
from covidcls.statistics import at_threshold, auc
from lungseg.bootstrap import Interval, draw_weights
from lungseg.errors import UsageError

Array = NDArray[np.float64]

FIGURES = ("auc", "accuracy", "recall", "specificity", "precision", "f1")
# of a calibrated probability; a temperature does not move it, so that nothing about it was chosen
# on the slices that are judged
THRESHOLD = 0.5


@dataclass(frozen=True)
class Difference:
    """A row against the reference: ``auc`` minus that of the reference, mean over seeds.

    ``standard_error``: over patients (clustered DeLong) and seeds; ``low`` to ``high`` 95 %, ``p``
    two-sided. ``smallest``: the true difference that this many patients and seeds would show with
    a power of 0.8. ``accuracy_p``: exact McNemar over patients.
    """

    auc: float
    low: float
    high: float
    standard_error: float
    p: float
    smallest: float
    accuracy_p: float


def figures_of(row: RowScores, resamples: int = 2000, seed: int = 0) -> dict[str, Interval]:
    """Each of FIGURES as the mean over seeds, with its 95 % interval over patients and seeds.

    Every resample draws patients with all their slices, and seeds, both with replacement. Of one
    seed there is nothing to draw: the interval is over patients alone, and too narrow.
    """
    n_seeds, n_slices = row.probabilities.shape
    rng = np.random.default_rng(seed)
    found = []
    for weights in draw_weights(row.patients, resamples, seed):
        drawn = rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=len(weights)) / n_seeds
        found.append(np.einsum("bs,sbk->bk", drawn, _by_seed(row, weights)))
    values = _by_seed(row, np.ones((1, n_slices)))[:, 0].mean(axis=0)
    every = np.concatenate(found)
    answered = ~np.isnan(every).all(axis=0)  # nothing called in any resample: no precision
    low, high = np.full((2, len(FIGURES)), np.nan)
    low[answered], high[answered] = np.nanpercentile(every[:, answered], (2.5, 97.5), axis=0)
    n_groups = len(set(row.patients))
    return {
        name: Interval(float(value), float(a), float(b), n_slices, n_groups)
        for name, value, a, b in zip(FIGURES, values, low, high, strict=True)
    }


def auc_of_seeds(row: RowScores) -> Array:
    """AUC of each training of a row: S values."""
    return _by_seed(row, np.ones((1, len(row.labels))))[:, 0, FIGURES.index("auc")]


def difference(reference: RowScores, row: RowScores) -> Difference:
    """``row`` minus ``reference``, both judged on the same slices, with as many seeds.

    The mean AUC of the trainings is compared, not the AUC of their mean probability: the question
    is what one training by this recipe is worth, and an ensemble is another recipe. The variance
    of the difference over patients (DeLong, clustered after Obuchowski 1997) and over seeds
    (s^2 / S of the differences, 0 of one seed) are added.

    McNemar's exact test asks one answer of each independent item: a patient with its label, called
    by the mean probability over slices and seeds. Raises UsageError where slices differ.
    """
    from covidcls.evaluation.paired import (
        AucDifference,
        delong,
        mcnemar,
        smallest_detectable_difference,
    )

    if (reference.paths, reference.seeds) != (row.paths, row.seeds):
        raise UsageError(
            f"{row.name} and {reference.name} were not judged on the same slices with the same "
            "seeds; use another --out"
        )
    labels = row.labels.tolist()
    by_patients = delong(labels, reference.probabilities, row.probabilities, row.patients)
    of_seeds = auc_of_seeds(row) - auc_of_seeds(reference)
    of_training = of_seeds.var(ddof=1) / len(of_seeds) if len(of_seeds) > 1 else 0.0
    error = float(np.hypot(by_patients.standard_error, np.sqrt(of_training)))
    found = AucDifference(by_patients.auc_a, by_patients.auc_b, error)
    return Difference(
        found.difference,
        found.low,
        found.high,
        error,
        found.p,
        smallest_detectable_difference(error),
        mcnemar(_right_patients(reference).tolist(), _right_patients(row).tolist()),
    )


def _by_seed(row: RowScores, weights: Array) -> Array:
    """FIGURES of each seed for weights B x N: S x B x figures."""
    found = []
    for scores in row.probabilities:
        counted = at_threshold(row.labels, scores, THRESHOLD, weights)
        counted["auc"] = auc(row.labels, scores, weights)
        found.append(np.stack([counted[name] for name in FIGURES], axis=1))
    return np.stack(found)


def _right_patients(row: RowScores) -> NDArray[np.bool_]:
    """Whether each patient is called as labelled; one with slices of both labels counts twice."""
    units = [f"{label} {patient}" for label, patient in zip(row.labels, row.patients, strict=True)]
    _, first, unit = np.unique(units, return_index=True, return_inverse=True)
    mean = np.bincount(unit, row.probabilities.mean(axis=0)) / np.bincount(unit)
    right: NDArray[np.bool_] = (mean >= THRESHOLD) == (row.labels[first] == 1)
    return right
