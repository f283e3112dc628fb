"""AUC over folds: each pair of slices is ranked by one training, and never across two.

Scores of two trainings are on two scales. Put into one ranking (pooled), a fold whose scores are
all a little higher counts as a fault, or as a merit, of the recipe (Forman & Scholz 2010).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from covidcls.statistics import Array, Labels, auc


def auc_within(labels: Labels, scores: Array, folds: Labels, weights: Array) -> Array:
    """The share of pairs within a fold that are ranked right, for weights B x N: B values.

    ``folds``: the number of the fold of each slice. Of one fold this is its AUC. NaN where no fold
    has a pair.
    """
    right, pairs = np.zeros((2, len(weights)))
    for fold in np.unique(folds):
        own = folds == fold
        positive = weights[:, own] @ labels[own]
        n_pairs = positive * (weights[:, own].sum(axis=1) - positive)
        right += n_pairs * np.nan_to_num(auc(labels[own], scores[own], weights[:, own]))
        pairs += n_pairs
    return np.divide(right, pairs, np.full_like(pairs, np.nan), where=pairs > 0)


def delong_within(
    labels: Labels, folds: Labels, scores: tuple[Array, Array], patients: Sequence[str]
) -> tuple[float, float]:
    """The difference of two :func:`auc_within` (second minus first), and its standard error.

    ``scores``: S x N each, of as many trainings; see :func:`covidcls.evaluation.paired.delong`. A
    patient is in one fold, so that the folds' variances add. Raises UsageError where a fold has
    fewer than two patients of a class.
    """
    from covidcls.evaluation.paired import delong

    names = np.asarray(patients)
    pairs, found = [], []
    for fold in np.unique(folds):
        own = folds == fold
        pairs.append(labels[own].sum() * (1 - labels[own]).sum())
        a, b = (one[:, own] for one in scores)
        found.append(delong(labels[own].tolist(), a, b, names[own].tolist()))
    shares = np.array(pairs) / np.sum(pairs)
    difference = shares @ [one.difference for one in found]
    variance = shares**2 @ [one.standard_error**2 for one in found]
    return float(difference), float(np.sqrt(variance))
