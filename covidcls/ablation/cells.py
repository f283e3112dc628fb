"""The grid of an ablation: rows (recipes), and the cells (trainings) of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lungseg.errors import UsageError
from lungseg.regions import DEFAULT_MARGIN, REGIONS, Region

REFERENCE: Region = "full"  # without segmentation: what every other row is tested against
WITH_MARGIN: tuple[Region, ...] = ("crop", "crop_mask", "random_box")


@dataclass(frozen=True)
class Row:
    """One line of the table: the common recipe with ``options`` changed, ``data.region: crop``."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """One training: a row, a seed, and with ``folds`` the fold that it is judged on."""

    row: Row
    seed: int
    fold: int | None = None
    folds: int | None = None

    @property
    def name(self) -> str:
        """Of its folder."""
        fold = "" if self.fold is None else f"-fold{self.fold}"
        return f"{self.row.name}-seed{self.seed}{fold}"

    @property
    def options(self) -> dict[str, Any]:
        """What it changes of the recipe, by option of ``train_cls``."""
        fold = {} if self.fold is None else {"data.fold": self.fold, "data.folds": self.folds}
        return {**self.row.options, **fold, "seed_everything": self.seed}


def region_rows(regions: Sequence[str], margins: Sequence[int] = (DEFAULT_MARGIN,)) -> list[Row]:
    """A row for each region, and for each margin (pixels inwards) where the region has one.

    Raises UsageError for an unknown region.
    """
    rows = []
    for region in dict.fromkeys(regions):
        if region not in REGIONS:
            raise UsageError(f"unknown region {region!r}; known are {', '.join(REGIONS)}")
        if region in WITH_MARGIN:
            rows += [
                Row(f"{region}-r{margin}", {"data.region": region, "data.margin": margin})
                for margin in dict.fromkeys(margins)
            ]
        else:
            rows.append(Row(region, {"data.region": region}))
    return rows


def cells_of(rows: Sequence[Row], seeds: Sequence[int], folds: int | None = None) -> list[Cell]:
    """Every training, all rows of one seed first, so that a table is early complete with few seeds.

    Raises UsageError for no row, no seed, and rows of one name.
    """
    names = [row.name for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not rows or not seeds or twice:
        missing = f"two rows are named {twice[0]!r}" if twice else "there is no row or no seed"
        raise UsageError(f"{missing}; give regions or rows of different names, and seeds")
    numbers: Sequence[int | None] = (None,) if folds is None else range(folds)
    return [
        Cell(row, seed, fold, folds)
        for seed in dict.fromkeys(seeds)
        for row in rows
        for fold in numbers
    ]
