"""What printed figures imply for the figures that a paper leaves out, above all the prevalence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

import numpy as np

from covidcls.audit.published.matrix import RATIOS, Terms
from covidcls.audit.published.printed import Row

ALL_RATIOS: dict[str, tuple[Terms, Terms]] = {
    "prevalence": ((1, 1, 0, 0), (1, 1, 1, 1)),
    **RATIOS,
}

NO_CELL_BELOW_0: list[Terms] = [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]


@dataclass(frozen=True)
class Span:
    """A share lies from ``low`` to ``high``."""

    low: Fraction
    high: Fraction

    def __str__(self) -> str:
        """To three digits, never narrower than it is."""
        low, high = math.floor(1000 * self.low), math.ceil(1000 * self.high)
        return f"{low / 1000:.3f} to {high / 1000:.3f}"

    def __contains__(self, value: Fraction | float) -> bool:
        return self.low <= value <= self.high

    @property
    def is_open(self) -> bool:
        """Whether it says nothing: 0 to 1."""
        return self.low <= 0 and self.high >= 1

    def as_dict(self) -> dict[str, float]:
        """For a JSON report."""
        return {"low": float(self.low), "high": float(self.high)}


def implied(row: Row) -> dict[str, Span]:
    """The least and the largest ``prevalence`` and ratio of cells that the printed row allows.

    Exact, for sets of any size: each printed ratio is two linear inequalities of the four cells, so
    the matrices that give the row fill a cone, and every ratio takes its extremes on its edges.
    Balanced accuracy counts by the specificity (recall) that it implies beside a printed recall
    (specificity); MCC, which is no ratio, does not narrow. Empty where no test set of any size
    gives the row; a figure is left out where it has nothing to divide by.
    """
    edges = _edges([*NO_CELL_BELOW_0, *_inequalities(_with_both_rates(row))])
    found = {}
    for name, (above, below) in ALL_RATIOS.items():
        ratios = [
            Fraction(_times(above, edge), divisor)
            for edge in edges
            if (divisor := _times(below, edge))
        ]
        if ratios:
            found[name] = Span(min(ratios), max(ratios))
    # What is above 0 has something to divide by; otherwise an empty class would allow anything.
    above_0 = {name for name, printed in row.items() if name in RATIOS and printed.low > 0}
    return found if found.keys() >= {"prevalence"} | above_0 else {}


def _with_both_rates(row: Row) -> Row:
    """The row with the second of recall and specificity, where balanced accuracy gives it."""
    both = dict(row)
    for known, other in (("recall", "specificity"), ("specificity", "recall")):
        if "balanced_accuracy" in row and known in row and other not in row:
            mean, rate = row["balanced_accuracy"], row[known]
            low, high = 2 * mean.low - rate.high, 2 * mean.high - rate.low
            both[other] = replace(mean, name=other, low=low, high=high)
    return both


def _inequalities(row: Row) -> Iterator[Terms]:
    """Factors of the cells whose sum is 0 or more where the ratios are as printed."""
    for name, printed in row.items():
        if name in RATIOS:
            for end, side in ((printed.low, 1), (printed.high, -1)):
                tp, fn, fp, tn = (
                    side * (n * end.denominator - d * end.numerator)
                    for n, d in zip(*RATIOS[name], strict=True)
                )
                yield tp, fn, fp, tn


def _edges(limits: Sequence[Terms]) -> list[Terms]:
    """The edges of the cone of cells on which no limit is below 0: where three limits are 0.

    In whole numbers and not by a solver of linear programs, whose tolerance is larger than the
    interval of a figure that is printed to ten digits, so that it called true rows impossible.
    """
    every = np.array(limits, dtype=object)
    a, b, c = np.moveaxis(every[list(combinations(range(len(limits)), 3))], 1, 0)
    crossed = np.empty_like(a)  # the one direction, up to its length, that is orthogonal to all
    for cell in range(4):
        i, j, k = (other for other in range(4) if other != cell)
        crossed[:, cell] = (-1) ** cell * (
            a[:, i] * (b[:, j] * c[:, k] - b[:, k] * c[:, j])
            - a[:, j] * (b[:, i] * c[:, k] - b[:, k] * c[:, i])
            + a[:, k] * (b[:, i] * c[:, j] - b[:, j] * c[:, i])
        )
    both_ways = np.concatenate([crossed, -crossed])
    inside = (both_ways @ every.T >= 0).all(axis=1) & (both_ways != 0).any(axis=1)
    return [tuple(edge) for edge in both_ways[inside]]


def _times(terms: Terms, cells: Terms) -> int:
    return sum(n * cell for n, cell in zip(terms, cells, strict=True))
