"""Confusion matrices, their figures, and all of them that give a printed row on one test set."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.published.printed import ROOT_ERROR, TITLES, Printed, Row

Terms = tuple[int, int, int, int]  # how often tp, fn, fp and tn count
Integers = NDArray[Any]  # int64, or Python's own integers where int64 would overflow

# numerator and denominator of each figure that is a ratio of sums of cells
RATIOS: dict[str, tuple[Terms, Terms]] = {
    "accuracy": ((1, 0, 0, 1), (1, 1, 1, 1)),
    "recall": ((1, 0, 0, 0), (1, 1, 0, 0)),
    "precision": ((1, 0, 0, 0), (1, 0, 1, 0)),
    "specificity": ((0, 0, 0, 1), (0, 0, 1, 1)),
    "f1": ((2, 0, 0, 0), (2, 1, 1, 0)),
    "npv": ((0, 0, 0, 1), (0, 1, 0, 1)),
}


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix of two classes, in counts."""

    tp: int
    fn: int
    fp: int
    tn: int

    @property
    def positives(self) -> int:
        """Images of the positive class."""
        return self.tp + self.fn

    @property
    def negatives(self) -> int:
        """Images of the negative class."""
        return self.fp + self.tn

    def value(self, name: str) -> Fraction | float:
        """A figure by its name in TITLES: a share, exact but for ``mcc``.

        What has nothing to divide by is 0, as scikit-learn prints it.
        """
        if name == "mcc":
            tp, tn = np.array([self.tp]), np.array([self.tn])
            found = _mcc(tp, tn, self.positives, self.negatives)
            return float(found[0])
        if name == "balanced_accuracy":
            recall, specificity = self.value("recall"), self.value("specificity")
            return (recall + specificity) / 2
        above, below = (
            sum(
                n * cell
                for n, cell in zip(terms, (self.tp, self.fn, self.fp, self.tn), strict=True)
            )
            for terms in RATIOS[name]
        )
        return Fraction(above, below) if below else Fraction(0)

    def figures(self) -> dict[str, float]:
        """Every figure of TITLES, in shares."""
        return {name: float(self.value(name)) for name in TITLES}


@dataclass(frozen=True)
class Matching:
    """How many confusion matrices give a row, and up to three of them, spread over all."""

    count: int
    examples: tuple[Matrix, ...]


def matching(row: Row, positives: int, negatives: int) -> Matching:
    """The confusion matrices on a test set of this size that give every figure as printed.

    Exact, in time and memory linear in ``positives``: where TP is fixed, no figure falls as TN
    grows, so the fitting TN of each TP are an interval, which is solved for and not tried out.
    """
    tp = np.arange(positives + 1)
    low, high = tn_span(row, tp, np.full_like(tp, positives), np.full_like(tp, negatives))
    ends = np.cumsum(np.maximum(high - low + 1, 0).astype(np.int64))
    count = int(ends[-1])
    examples = []
    for place in sorted({0, count // 2, count - 1}) if count else []:
        index = int(np.searchsorted(ends, place, side="right"))
        tn = int(high[index]) - (int(ends[index]) - 1 - place)
        examples.append(Matrix(index, positives - index, negatives - tn, tn))
    return Matching(count, tuple(examples))


def tn_span(
    row: Row, tp: Integers, positives: Integers, negatives: Integers
) -> tuple[Integers, Integers]:
    """The least and the largest TN for which each TP, P and N gives the row; least > largest: none.

    The three arrays are int64 and of one shape, as are the results but for their type.
    """
    size = int(positives.max(initial=0)) + int(negatives.max(initial=0)) + 1
    digits = max((max(p.low.denominator, p.high.denominator) for p in row.values()), default=1)
    if 4 * size**2 * digits >= 2**62:  # the denominator of balanced accuracy times that of an end
        tp, positives, negatives = (n.astype(object) for n in (tp, positives, negatives))
    low, high = np.zeros_like(tp), negatives
    for printed in row.values():
        if printed.name != "mcc":
            least, largest = _ratio_span(printed, tp, positives, negatives)
            low, high = np.maximum(low, least), np.minimum(high, largest)
    if "mcc" in row:  # last, because only what the others leave is searched
        reached = _first_tn(row["mcc"].low, False, tp, positives, negatives, low, high)
        high = _first_tn(row["mcc"].high, True, tp, positives, negatives, low, high) - 1
        low = reached
    return low, high


def _ratio_span(
    printed: Printed, tp: Integers, positives: Integers, negatives: Integers
) -> tuple[Integers, Integers]:
    """``low <= (a + b tn) / (c + d tn) <= high``, solved for tn."""
    a, b, c, d = _in_tn(printed.name, tp, positives, negatives)
    above, below = printed.low.numerator, printed.low.denominator
    low = _least(b * below - d * above, c * above - a * below, negatives)
    if printed.low > 0:  # then the figure is not 0, and 0/0 counts as 0
        low = np.maximum(low, _least(b, 1 - a, negatives))
    above, below = printed.high.numerator, printed.high.denominator
    return low, _largest(b * below - d * above, c * above - a * below, negatives)


def _in_tn(
    name: str, tp: Integers, positives: Integers, negatives: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    """A figure as ``(a + b tn) / (c + d tn)``: a, b, c and d, where b >= 0 and b >= d."""
    if name == "balanced_accuracy":
        p, n = np.maximum(positives, 1), np.maximum(negatives, 1)  # a class without images scores 0
        return tp * n, p, 2 * p * n, np.zeros_like(tp)
    parts = []
    for n_tp, n_fn, n_fp, n_tn in RATIOS[name]:
        parts.append(n_tp * tp + n_fn * (positives - tp) + n_fp * negatives)
        parts.append(np.full_like(tp, n_tn - n_fp))
    a, b, c, d = parts
    return a, b, c, d


def _least(factor: Integers, rest: Integers, negatives: Integers) -> Integers:
    """The least tn with ``factor tn >= rest``, where factor >= 0; beyond ``negatives``: none."""
    solved = -(-rest // np.maximum(factor, 1))
    return np.where(factor > 0, solved, np.where(rest <= 0, 0, negatives + 1))


def _largest(factor: Integers, rest: Integers, negatives: Integers) -> Integers:
    """The largest tn with ``factor tn <= rest``, where factor >= 0; below 0: none."""
    solved = rest // np.maximum(factor, 1)
    return np.where(factor > 0, solved, np.where(rest >= 0, negatives, -1))


def _first_tn(
    end: Fraction,
    beyond: bool,
    tp: Integers,
    positives: Integers,
    negatives: Integers,
    low: Integers,
    high: Integers,
) -> Integers:
    """The first of the tn ``low`` to ``high`` whose MCC reaches ``end`` (``beyond``: passes it).

    By halving; ``high + 1`` where there is none, ``low`` where there is no tn.
    """
    level = float(end) + (ROOT_ERROR if beyond else -ROOT_ERROR)
    low, high = low.copy(), high + 1
    while (left := np.flatnonzero(low < high)).size:
        middle = (low[left] + high[left]) // 2
        mcc = _mcc(tp[left], middle, positives[left], negatives[left])
        found = mcc > level if beyond else mcc >= level
        high[left] = np.where(found, middle, high[left])
        low[left] = np.where(found, low[left], middle + 1)
    return low


def _mcc(
    tp: Integers, tn: Integers, positives: Integers | int, negatives: Integers | int
) -> NDArray[np.float64]:
    fn, fp = positives - tp, negatives - tn
    above = (tp * tn - fp * fn).astype(np.float64)
    product = (tp + fp).astype(np.float64) * (tn + fn) * positives * negatives
    result: NDArray[np.float64] = np.where(
        product > 0, above / np.sqrt(np.maximum(product.astype(np.float64), 1)), 0.0
    )
    return result
