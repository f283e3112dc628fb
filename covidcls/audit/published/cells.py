"""Cells of a confusion matrix that were printed under each other's names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from covidcls.audit.published.matrix import Matrix
from covidcls.audit.published.printed import Printed, Row

CELLS = ("tp", "tn", "fp", "fn")


@dataclass(frozen=True)
class Reading:
    """A way to read printed cells.

    ``moved`` has (name, name it was printed under) for each cell that changes its name;
    ``contradicted`` are the figures that the matrix does not give.
    """

    matrix: Matrix
    moved: tuple[tuple[str, str], ...]
    contradicted: tuple[Printed, ...]

    @property
    def is_swap(self) -> bool:
        """Whether cells change places in pairs."""
        return all((b, a) in self.moved for a, b in self.moved)


def readings(printed: Matrix, row: Row, sizes: tuple[int, int] | None) -> list[Reading]:
    """The simplest ways to read ``printed`` that give ``sizes`` (positives, negatives).

    A way that gives all figures of ``row`` comes before one that does not; of those, the one that
    renames the fewest cells: none, two, three, four, in pairs before in a ring. Several where two
    are equally simple, and none where no exchange of names gives the sizes.
    """
    found: dict[Matrix, Reading] = {}
    for sources in permutations(CELLS):
        matrix = Matrix(**{n: getattr(printed, s) for n, s in zip(CELLS, sources, strict=True)})
        if sizes is not None and (matrix.positives, matrix.negatives) != sizes:
            continue
        moved = tuple((n, s) for n, s in zip(CELLS, sources, strict=True) if n != s)
        contradicted = tuple(p for p in row.values() if not p.holds(matrix.value(p.name)))
        # equal cells make several exchanges one matrix: the smallest counts
        if matrix not in found or len(moved) < len(found[matrix].moved):
            found[matrix] = Reading(matrix, moved, contradicted)
    simplest = min(map(_cost, found.values()), default=None)
    return [reading for reading in found.values() if _cost(reading) == simplest]


def _cost(reading: Reading) -> tuple[bool, int, bool, int]:
    contradicted = len(reading.contradicted)
    return contradicted > 0, len(reading.moved), not reading.is_swap, contradicted
