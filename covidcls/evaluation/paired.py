"""Two classifiers on the same slices: is the difference more than chance, and could it be seen?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t

from lungseg.errors import UsageError

Array = NDArray[np.float64]
Labels = NDArray[np.int_]

ALPHA = 0.05
POWER = 0.8
ROUNDING = 1e-12  # what is below it is the rounding of sums, and no area


@dataclass(frozen=True)
class AucDifference:
    """AUC of ``b`` minus AUC of ``a``, with standard error, 95 % interval and two-sided p.

    ``freedom``: degrees of freedom of the standard error; infinite: the normal distribution. Where
    the error is 0, as when one separates the classes wholly, there is nothing to test a difference
    by: interval and p are NaN, unless both rank alike.
    """

    auc_a: float
    auc_b: float
    standard_error: float
    freedom: float = inf

    @property
    def difference(self) -> float:
        """Positive where ``b`` is better."""
        return self.auc_b - self.auc_a

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.difference - self._half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.difference + self._half_width

    @property
    def p(self) -> float:
        """Of no difference; 1 where both rank alike, so that nothing varies."""
        if self.standard_error < ROUNDING:
            return 1.0 if self._alike else nan
        return float(2 * t.sf(abs(self.difference) / self.standard_error, self.freedom))

    @property
    def _alike(self) -> bool:
        return abs(self.difference) < ROUNDING

    @property
    def _half_width(self) -> float:
        if self.standard_error < ROUNDING:
            return 0.0 if self._alike else nan
        return float(t.ppf(1 - ALPHA / 2, self.freedom)) * self.standard_error


def delong(
    labels: Sequence[int],
    scores_a: ArrayLike,
    scores_b: ArrayLike,
    groups: Sequence[str] | None = None,
) -> AucDifference:
    """Test of two AUC on the same slices (DeLong et al. 1988), with slices clustered by ``groups``
    after Obuchowski (1997, eq. 5 to 8); None: slices are independent, which is DeLong's own test.

    Scores: N, or S x N of S trainings of one recipe, whose mean AUC is compared then: an area is
    the mean of its components, so theirs are averaged. The chance of training is not in the error.
    Labels are 1 and 0. Raises UsageError where a class has fewer than two groups, and for scores,
    labels and groups that do not fit each other: leave out slices without a score before.
    """
    truth = np.asarray(labels, int)
    names = range(truth.size) if groups is None else groups
    if not np.isin(truth, (0, 1)).all() or len(names) != truth.size:
        raise UsageError(
            f"{truth.size} labels, expected of 1 and 0, and {len(names)} groups, expected as many"
        )
    for scores in (scores_a, scores_b):
        found = np.asarray(scores, float)
        if found.ndim not in (1, 2) or found.shape[-1] != truth.size or np.isnan(found).any():
            raise UsageError(
                f"scores of shape {found.shape}, {np.isnan(found).sum()} of them NaN, expected one "
                f"for each of the {truth.size} labels"
            )
    _, group = np.unique(np.asarray(names), return_inverse=True)
    components = [
        np.mean([_components(truth, one) for one in np.atleast_2d(np.asarray(scores, float))], 0)
        for scores in (scores_a, scores_b)
    ]
    auc_a, auc_b = (float(parts[truth == 1].mean()) for parts in components)
    # the variance of a difference is that of the differences of the components
    parts = (components[1] - auc_b) - (components[0] - auc_a)
    return AucDifference(auc_a, auc_b, float(np.sqrt(_variance(truth, parts, group))))


def mcnemar(correct_a: Sequence[bool], correct_b: Sequence[bool]) -> float:
    """Exact two-sided p of equally many right answers (McNemar 1947), over the same items.

    Items count as independent: where patients have several slices, give one item a patient, or
    take p for too small.
    """
    from statsmodels.stats.contingency_tables import mcnemar as test

    a, b = np.asarray(correct_a, bool), np.asarray(correct_b, bool)
    table = [[np.sum(a & b), np.sum(a & ~b)], [np.sum(~a & b), np.sum(~a & ~b)]]
    return float(test(table, exact=True).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """``p_values`` adjusted for being several tests (Holm 1979), in their order."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(p_values, method="holm")[1]] if len(p_values) else []


def smallest_detectable_difference(
    standard_error: float, power: float = POWER, alpha: float = ALPHA, freedom: float = inf
) -> float:
    """The true difference that a two-sided test at ``alpha`` would find with ``power``.

    ``standard_error``: of the difference that was measured, so that it holds for as many patients
    as there were. Smaller differences may exist and this study could not show them. NaN for an
    error of 0, which says nothing of the next study.
    """
    if standard_error < ROUNDING:
        return nan
    return float((t.ppf(1 - alpha / 2, freedom) + t.ppf(power, freedom)) * standard_error)


def _components(truth: Labels, scores: Array) -> Array:
    """Structural component of each slice: the share of the other class that it is on the right
    side of, ties counting half."""
    parts = np.empty(truth.size)
    for label in (0, 1):
        own, other = scores[truth == label], np.sort(scores[truth != label])
        below = np.searchsorted(other, own)
        up_to = np.searchsorted(other, own, side="right")
        lower = (below + up_to) / 2 / other.size
        parts[truth == label] = lower if label == 1 else 1 - lower
    return parts


def _variance(truth: Labels, parts: Array, group: NDArray[np.intp]) -> float:
    """Obuchowski's variance of an AUC from centred components of slices in groups."""
    sums, present = {}, {}
    n_groups = int(group.max()) + 1
    for label in (0, 1):
        of_label = truth == label
        present[label] = np.unique(group[of_label]).size
        if present[label] < 2:
            raise UsageError("a test of AUC needs two patients with and two without the disease")
        sums[label] = np.bincount(group[of_label], parts[of_label], n_groups) / of_label.sum()
    own = sum(present[k] / (present[k] - 1) * np.sum(sums[k] ** 2) for k in (0, 1))
    shared = n_groups / (n_groups - 1) * np.sum(sums[0] * sums[1])
    return float(max(own + 2 * shared, 0.0))
