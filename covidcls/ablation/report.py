"""A table of an ablation as a dictionary for JSON, as rows for CSV, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from math import isnan
from typing import Any

from covidcls.ablation.measure import FIGURES
from covidcls.ablation.reliability import FIGURES as OF_RELIABILITY
from covidcls.ablation.reliability import Reliability
from covidcls.ablation.table import RULES, Floor, Table, TableRow
from lungseg.bootstrap import Interval

ECE_BESIDE = ("ece_by_chance", "ece_of_folds", "ece_of_folds_by_chance")
COLUMNS = (
    "row",
    "region",
    "margin",
    "n_seeds",
    *(f"{name}{end}" for name in FIGURES for end in ("", "_low", "_high")),
    "auc_of_seeds",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "p_holm",
    "smallest",
    "accuracy_p",
    "accuracy_p_holm",
    *(f"{name}{end}" for name in OF_RELIABILITY for end in ("", "_low", "_high")),
    *ECE_BESIDE,
)


def as_dict(table: Table) -> dict[str, Any]:
    """Ready for JSON; None where a figure has no answer or a row no test."""
    return {
        "reference": table.reference,
        "seeds": list(table.seeds),
        "n_images": table.n_images,
        "n_positive": table.n_positive,
        "n_groups": table.n_groups,
        "clustered_by": table.clustered_by,
        "calibrated_by": table.calibrated_by,
        "rows": [_row_as_dict(row) for row in table.rows],
        "floors": [asdict(floor) for floor in table.floors],
        "untested": table.untested,
        "n_cells": table.n_cells,
        "n_resumed": table.n_resumed,
        "rules": RULES,
    }


def csv_rows(table: Table) -> list[list[str]]:
    """The header, COLUMNS, and a line a row; AUC of the seeds with blanks between."""
    cells = [_cells(row) for row in table.rows]
    return [list(COLUMNS), *([of_row[name] for name in COLUMNS] for of_row in cells)]


def markdown(table: Table, title: str) -> str:
    """``title``, the table, the floors, the tests and the rules, for a person."""
    lines = [
        f"# {title}",
        "",
        f"{table.n_images} images ({table.n_positive} COVID-19) of {table.n_groups} "
        f"{table.clustered_by}s; seeds {', '.join(map(str, table.seeds))}.",
        "",
        f"| row | {' | '.join(FIGURES)} | AUC against {table.reference} | p (Holm) | smallest "
        "| accuracy, p (Holm) |",
        "|" + " --- |" * (len(FIGURES) + 5),
        *(_line(row, row.name == table.reference) for row in table.rows),
        "",
        f"How far the probabilities can be believed (calibrated by: {table.calibrated_by}):",
        "",
        "| row | brier | ece | by chance | ece of folds | by chance | slope | intercept |",
        "|" + " --- |" * 8,
        *(_reliability_line(row.name, row.reliability) for row in table.rows),
        "",
        *(f"- {sentence}" for sentence in beside(table)),
        "",
        *(f"- `{name}`: {said}." for name, said in RULES.items()),
    ]
    return "\n".join(lines) + "\n"


def beside(table: Table) -> Iterator[str]:
    """Sentences that belong beside every result: floors, background, what could be shown."""
    background = table.background
    if background is None:
        yield "The region background is no row here: what is known without lungs is not measured."
    else:
        yield f"Without lungs (row {background.name}): AUC {in_words(background.figures['auc'])}."
    for floor in table.floors:
        yield f"Floor, {floor.what}: AUC {_floor(floor)}."
    every = [row.against.smallest for row in table.rows if row.against]
    smallest = [one for one in every if not isnan(one)]
    if smallest:
        ends = sorted({f"{min(smallest):.3f}", f"{max(smallest):.3f}"})
        yield (
            f"Differences of AUC from {table.reference} below {' to '.join(ends)} could not be "
            f"shown with {table.n_groups} {table.clustered_by}s (power 0.8)."
        )
    if table.untested:
        yield f"No row is tested: {table.untested}."
    if len(table.seeds) == 1:
        yield "One seed: the chance of training is in no interval and in no test."
    if table.n_resumed:
        yield (
            f"{table.n_resumed} of {table.n_cells} cells were cut off and resumed: their "
            "augmentations are others than in one go."
        )
    elif table.n_cells:
        yield f"None of the {table.n_cells} cells was resumed after a cut-off."


def in_words(figure: Interval) -> str:
    """``0.812 (0.731 to 0.884)``, or a dash where there is no answer."""
    if isnan(figure.value):
        return "-"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _line(row: TableRow, is_reference: bool) -> str:
    against = row.against
    if against is None:
        tests = ["reference" if is_reference else "-", *("-" for _ in range(3))]
    else:
        interval = "" if isnan(against.low) else f" ({against.low:+.3f} to {against.high:+.3f})"
        tests = [
            f"{against.auc:+.3f}{interval}",
            _p(row.p_holm),
            "-" if isnan(against.smallest) else f"{against.smallest:.3f}",
            _p(row.accuracy_p_holm),
        ]
    cells = [row.name, *(in_words(row.figures[name]) for name in FIGURES), *tests]
    return f"| {' | '.join(cells)} |"


def _reliability_line(name: str, found: Reliability) -> str:
    figure = {one: in_words(found.figures[one]) for one in OF_RELIABILITY}
    chance, folds, folds_chance = (_or_dash(getattr(found, one)) for one in ECE_BESIDE)
    cells = (figure["brier"], figure["ece"], chance, folds, folds_chance)
    return f"| {' | '.join((name, *cells, figure['slope'], figure['intercept']))} |"


def _cells(row: TableRow) -> dict[str, str]:
    tested = asdict(row.against) if row.against else {}
    cells = {
        "row": row.name,
        "region": str(row.options.get("data.region", "")),
        "margin": str(row.options.get("data.margin", "")),
        "n_seeds": str(len(row.auc_of_seeds)),
        "auc_of_seeds": " ".join(f"{value:.4f}" for value in row.auc_of_seeds),
        "difference": _number(tested.get("auc")),
        "difference_low": _number(tested.get("low")),
        "difference_high": _number(tested.get("high")),
        "p_holm": _number(row.p_holm),
        "accuracy_p_holm": _number(row.accuracy_p_holm),
        **{name: _number(tested.get(name)) for name in ("p", "smallest", "accuracy_p")},
    }
    cells |= {name: _number(getattr(row.reliability, name)) for name in ECE_BESIDE}
    for name, figure in {**row.figures, **row.reliability.figures}.items():
        ends = {"": figure.value, "_low": figure.low, "_high": figure.high}
        cells |= {f"{name}{end}": _number(value) for end, value in ends.items()}
    return cells


def _row_as_dict(row: TableRow) -> dict[str, Any]:
    tested = None
    if row.against is not None:
        of_row = asdict(row.against)
        rounded = {name: None if isnan(v) else float(f"{v:.4g}") for name, v in of_row.items()}
        p_holm = None if row.p_holm is None or isnan(row.p_holm) else row.p_holm
        tested = {**rounded, "p_holm": p_holm, "accuracy_p_holm": row.accuracy_p_holm}
    return {
        "name": row.name,
        "options": dict(row.options),
        **{name: figure.as_dict() for name, figure in row.figures.items()},
        "auc_of_seeds": [round(value, 4) for value in row.auc_of_seeds],
        **{name: figure.as_dict() for name, figure in row.reliability.figures.items()},
        **{name: _rounded(getattr(row.reliability, name)) for name in ECE_BESIDE},
        "against": tested,
    }


def _floor(floor: Floor) -> str:
    if floor.low is None or floor.high is None:
        return f"{floor.value:.3f}, mean over folds"
    return f"{floor.value:.3f} ({floor.low:.3f} to {floor.high:.3f})"


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _p(value: float | None) -> str:
    if value is None or isnan(value):
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _number(value: float | None) -> str:
    return "" if value is None or isnan(value) else f"{value:.4g}"
