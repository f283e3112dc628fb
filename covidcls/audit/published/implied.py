"""What printed figures imply for the figures that a paper leaves out, above all the prevalence."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from covidcls.audit.published.matrix import RATIOS, Terms
from covidcls.audit.published.printed import Row

ALL_RATIOS: dict[str, tuple[Terms, Terms]] = {
    "prevalence": ((1, 1, 0, 0), (1, 1, 1, 1)),
    **RATIOS,
}

TOLERANCE = 1e-6  # the solver allows itself 1e-7: each interval is widened by more


@dataclass(frozen=True)
class Span:
    """A share lies from ``low`` to ``high``."""

    low: float
    high: float

    def __str__(self) -> str:
        """To three digits, never narrower than it is."""
        return (
            f"{math.floor(1000 * self.low) / 1000:.3f} to {math.ceil(1000 * self.high) / 1000:.3f}"
        )

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def is_open(self) -> bool:
        """Whether it says nothing: 0 to 1."""
        return self.low <= 0 and self.high >= 1


def implied(row: Row) -> dict[str, Span]:
    """The least and the largest ``prevalence`` and ratio of cells that the printed row allows.

    Solved as linear programs over the shares of the four cells, each printed figure being two
    inequalities, so the intervals are tight for sets of any size. Balanced accuracy counts by the
    specificity (recall) that it implies beside a printed recall (specificity); MCC, which is no
    ratio, does not narrow. Empty where no test set of any size gives the row; a figure is left out
    where it has nothing to divide by.
    """
    limits = [
        [side * (n - float(end) * d) for n, d in zip(*RATIOS[name], strict=True)]
        for name, printed in _with_both_rates(row).items()
        for side, end in ((1, printed.high), (-1, printed.low))
        if name in RATIOS
    ]
    found = {}
    for name, (above, below) in ALL_RATIOS.items():
        ends = [_least(above, below, limits), _least([-n for n in above], below, limits)]
        if ends[0] is not None and ends[1] is not None:
            found[name] = Span(max(ends[0] - TOLERANCE, 0.0), min(-ends[1] + TOLERANCE, 1.0))
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


def _least(above: list[int] | Terms, below: Terms, limits: list[list[float]]) -> float | None:
    """The least ``above . x / below . x`` over cells x >= 0 with ``limit . x <= 0``; or None."""
    from scipy.optimize import linprog

    solved = linprog(
        above,
        A_ub=limits or None,
        b_ub=[TOLERANCE / 1000] * len(limits) or None,
        A_eq=[below],
        b_eq=[1],
        bounds=(0, None),
    )
    return float(solved.fun) if solved.status == 0 else None
