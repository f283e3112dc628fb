"""Figures of a row with intervals over patients and seeds, and its tests against another row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import RowScores
from covidcls.ablation.resampling import intervals_of
from covidcls.statistics import at_threshold, counted_by, with_exact_ends
from covidcls.within_folds import auc_within, delong_within
from lungseg.bootstrap import Interval
from lungseg.errors import UsageError

if TYPE_CHECKING:
    from covidcls.evaluation.paired import AucDifference

Array = NDArray[np.float64]

FIGURES = ("auc", "accuracy", "recall", "specificity", "precision", "f1")
# of a probability that was calibrated on other slices, so that nothing about it was chosen on those
# that are judged
THRESHOLD = 0.5


@dataclass(frozen=True)
class Difference:
    """A row against the reference: ``auc`` minus that of the reference, mean over seeds.

    ``standard_error``: over patients (clustered DeLong) and seeds, of so many degrees of
    ``freedom``; ``low`` to ``high`` 95 %, ``p`` two-sided. ``smallest``: the true difference that
    this many patients and seeds would show with a power of 0.8, when the table has as many tests.
    ``accuracy_p``: exact McNemar over patients.
    """

    auc: float
    low: float
    high: float
    standard_error: float
    freedom: float
    p: float
    smallest: float
    accuracy_p: float


def figures_of(row: RowScores, resamples: int = 2000, seed: int = 0) -> dict[str, Interval]:
    """Each of FIGURES; see :func:`covidcls.ablation.resampling.intervals_of`, and of a proportion
    of 0 or 1 in all trainings :func:`lungseg.bootstrap.of_proportion`."""
    found = intervals_of(row, FIGURES, _by_seed, resamples, seed)
    called: NDArray[np.bool_] = np.all(row.probabilities >= THRESHOLD, axis=0)
    return with_exact_ends(found, counted_by(row.labels, called), row.patients)


def auc_of_seeds(row: RowScores) -> Array:
    """AUC of each training of a row: S values."""
    return _by_seed(row, np.ones((1, len(row.labels))))[:, 0, FIGURES.index("auc")]


def check_judged_alike(reference: RowScores, row: RowScores) -> None:
    """Raise UsageError unless both were judged on the same slices, in the same folds, with as many
    seeds."""
    same = (reference.paths, reference.seeds) == (row.paths, row.seeds)
    if not same or not np.array_equal(reference.folds, row.folds):
        raise UsageError(
            f"{row.name} and {reference.name} were not judged on the same slices with the same "
            "seeds; use another --out"
        )


def difference(reference: RowScores, row: RowScores, tests: int = 1) -> Difference:
    """``row`` minus ``reference``, both judged on the same slices, with as many seeds.

    The mean AUC of the trainings is compared, not the AUC of their mean probability: the question
    is what one training by this recipe is worth, and an ensemble is another recipe. The variance
    of the difference over patients (DeLong, clustered after Obuchowski 1997) and over seeds
    (s^2 / S of the differences, 0 of one seed) are added, and read by Student's t with the degrees
    of freedom of Satterthwaite (1946): a variance of three seeds is a guess.

    ``tests``: how many differences the table tests; ``smallest`` is that of the first step of Holm.
    McNemar's exact test asks one answer of each independent item: a patient with its label, called
    by the mean probability over slices and seeds. Raises UsageError where slices differ.
    """
    from covidcls.evaluation.paired import ALPHA, mcnemar, smallest_detectable_difference

    check_judged_alike(reference, row)
    found = _auc_difference(reference, row)
    return Difference(
        found.difference,
        found.low,
        found.high,
        found.standard_error,
        found.freedom,
        found.p,
        smallest_detectable_difference(
            found.standard_error, alpha=ALPHA / tests, freedom=found.freedom
        ),
        mcnemar(_right_patients(reference).tolist(), _right_patients(row).tolist()),
    )


def _auc_difference(reference: RowScores, row: RowScores) -> AucDifference:
    from covidcls.evaluation.paired import AucDifference

    scores = (reference.scores, row.scores)
    _, of_patients = delong_within(row.labels, row.folds, scores, row.patients)
    aucs = auc_of_seeds(reference), auc_of_seeds(row)
    of_seeds = aucs[1] - aucs[0]
    n = len(of_seeds)
    parts = [(of_patients**2, max(len(set(row.patients)) - 2, 1))]
    parts += [(of_seeds.var(ddof=1) / n, n - 1)] if n > 1 else []
    variance = sum(part for part, _ in parts)
    guessed = sum(part**2 / freedom for part, freedom in parts)
    freedom = variance**2 / guessed if guessed else np.inf
    return AucDifference(
        float(aucs[0].mean()), float(aucs[1].mean()), float(np.sqrt(variance)), float(freedom)
    )


def _by_seed(row: RowScores, weights: Array) -> Array:
    """FIGURES of each seed for weights B x N: S x B x figures."""
    found = []
    for scores, probabilities in zip(row.scores, row.probabilities, strict=True):
        counted = at_threshold(row.labels, probabilities, THRESHOLD, weights)
        counted["auc"] = auc_within(row.labels, scores, row.folds, weights)
        found.append(np.stack([counted[name] for name in FIGURES], axis=1))
    return np.stack(found)


def _right_patients(row: RowScores) -> NDArray[np.bool_]:
    """Whether each patient is called as labelled; one with slices of both labels counts twice."""
    units = [f"{label} {patient}" for label, patient in zip(row.labels, row.patients, strict=True)]
    _, first, unit = np.unique(units, return_index=True, return_inverse=True)
    mean = np.bincount(unit, row.probabilities.mean(axis=0)) / np.bincount(unit)
    right: NDArray[np.bool_] = (mean >= THRESHOLD) == (row.labels[first] == 1)
    return right
