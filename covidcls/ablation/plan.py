"""What an ablation trains: its rows, seeds and folds, and the recipe that they share."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from covidcls.ablation.cells import Cell, Row, cells_of, region_rows
from covidcls.ablation.recipe import check_sections, read_yaml
from lungseg.errors import UsageError
from lungseg.regions import DEFAULT_MARGIN, REGIONS

# Options that say what is judged, or of which training: they are of the plan, not of a row. A whole
# section in a row would take the place of all of them.
OF_PLAN = {
    "seed_everything",
    "data",
    *(f"data.{key}" for key in ("val_share", "split_seed", "fold", "folds", "everything")),
}


@dataclass(frozen=True)
class Plan:
    """Rows are every region, with every margin (pixels inwards) where it has one, then ``rows``.

    ``recipe``: nested options of ``train_cls``. ``rows``: further ones by name, each with what it
    changes, such as ``{"data.region": "crop", "model.mixup": 0.4}``. ``folds``: how many parts the
    data are judged in, of :func:`covidcls.data.folds.grouped_folds`; None: the one validation
    split.
    """

    regions: tuple[str, ...] = REGIONS
    margins: tuple[int, ...] = (DEFAULT_MARGIN,)
    seeds: tuple[int, ...] = (1, 2, 3)
    folds: int | None = None
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def with_grid(
        self,
        regions: Sequence[str] | None = None,
        margins: Sequence[int] | None = None,
        seeds: Sequence[int] | None = None,
        folds: int | None = None,
        rows: Sequence[str] | None = None,
    ) -> Plan:
        """The same recipe on another grid, of the further ``rows`` those named; None leaves what
        there is. Raises UsageError for a name that is none of them."""
        named = self.rows if rows is None else {name: self._row(name) for name in rows}
        return replace(
            self,
            regions=self.regions if regions is None else tuple(regions),
            margins=self.margins if margins is None else tuple(margins),
            seeds=self.seeds if seeds is None else tuple(dict.fromkeys(seeds)),
            folds=self.folds if folds is None else folds,
            rows=named,
        )

    def _row(self, name: str) -> Mapping[str, Any]:
        if name not in self.rows:
            known = ", ".join(self.rows) or "none"
            raise UsageError(f"the plan has no row {name!r}; its rows beside the regions: {known}")
        return self.rows[name]

    def all_rows(self) -> list[Row]:
        """In the order of the table. Raises UsageError for an unknown region, and for a row that
        would be judged on other slices than the others."""
        named = [Row(name, options) for name, options in self.rows.items()]
        for row in named:
            if unlike := sorted(row.options.keys() & OF_PLAN):
                raise UsageError(
                    f"the row {row.name!r} sets {', '.join(unlike)}, and rows are compared on the "
                    "same slices with the same seeds; leave it out, and give it to all of them by "
                    "the recipe, the seeds and the folds of the plan"
                )
        return [*region_rows(self.regions, self.margins), *named]

    def cells(self) -> list[Cell]:
        """Every training, in its order. Raises UsageError for a seed that is there twice: it would
        count as two, and they agree."""
        if len(set(self.seeds)) < len(self.seeds):
            raise UsageError(f"the seeds {', '.join(map(str, self.seeds))} are not all different")
        return cells_of(self.all_rows(), self.seeds, self.folds)


def read_plan(file: Path) -> Plan:
    """The plan in a YAML file such as those of ``configs/ablations``.

    Raises UsageError for a key that is none of a plan, and values of another kind.
    """
    content = read_yaml(file)
    known = {one.name for one in fields(Plan)}
    for key in content.keys() - known:
        near = difflib.get_close_matches(str(key), sorted(known), n=1)
        raise UsageError(
            f"{file} has an unknown key {key!r}; "
            + (f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}")
        )
    for key, kind in (("regions", str), ("margins", int), ("seeds", int)):
        values = content.get(key, [])
        if not isinstance(values, list) or not all(type(value) is kind for value in values):
            raise UsageError(f"{file}: {key} should be a list such as [{_EXAMPLES[key]}]")
        if key in content:
            content[key] = tuple(values)
    for key in ("rows", "recipe"):
        if not isinstance(content.get(key, {}), dict):
            raise UsageError(f"{file}: {key} should be options by name")
    for name, options in content.get("rows", {}).items():
        if not isinstance(options, dict) or not all(isinstance(key, str) for key in options):
            raise UsageError(
                f"{file}: the row {name!r} should be options by name, such as "
                "{data.region: crop}, and is " + repr(options)
            )
    folds = content.get("folds")
    if folds is not None and (type(folds) is not int or folds < 2):
        raise UsageError(f"{file}: folds should be a whole number from 2, and is {folds!r}")
    try:
        check_sections(content.get("recipe", {}))
    except UsageError as error:
        raise UsageError(f"{file}: recipe: {error}") from error
    plan = Plan(**content)
    plan.cells()  # tells what cannot be before anything is trained
    return plan


_EXAMPLES = {"regions": "full, crop", "margins": "-10, 5", "seeds": "1, 2, 3"}
