"""An ablation from its plan to its table: what the command does, for a notebook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covidcls.ablation.cells import REFERENCE, Cell, Row
from covidcls.ablation.judge import every_picture, judge_validation
from covidcls.ablation.plan import Plan
from covidcls.ablation.predictions import JudgedSlice, RowScores, row_scores
from covidcls.ablation.recipe import with_options
from covidcls.calibration import Calibration
from covidcls.data.folds import TOGETHER
from covidcls.data.pictures import LabelledPicture, Layout, split_sha256
from covidcls.data.sources import Source
from lungseg.errors import UsageError
from lungseg.whole_file import write_json, write_whole
from pipelines.ablate_cells import (
    Tell,
    Train,
    card_of,
    judge_cell,
    segmenters_in,
    train_cells,
    train_process,
)
from pipelines.extras import check_installed
from pipelines.output_folder import OutputFolder, is_free
from pipelines.results import as_csv
from pipelines.text import one_line
from pipelines.versions import versions

if TYPE_CHECKING:
    from covidcls.ablation.table import Table

CELLS = "cells"
OF_DATA = {"data.data_dir", "data.layout", "data.positive", "data.sources"}


def ablate(
    plan: Plan,
    data: Path,
    out: Path,
    layout: Layout = "covid-ct",
    positive: str = "COVID",
    reference: str = REFERENCE,
    tell: Tell = lambda sentence: None,
    train: Train = train_process,
    patients: Path | None = None,
) -> dict[str, Any]:
    """Train or re-use every cell of ``plan`` below ``out``, judge it, and write the table and
    figures; returns what ``table.json`` has.

    ``reference``: the row that the others are tested against. ``patients``: of class folders, a
    CSV that says whose slices they are, see :class:`covidcls.data.sources.Source`. ``tell`` gets a
    sentence a training; ``train`` trains one, ``(arguments of train_cls, log file) -> exit code``.
    The same call goes on where it was cut off. Raises UsageError, before any training, for data
    that are missing or that ``plan`` names too, a ``reference`` that is no row, an ``out`` with
    other things, cells of another recipe, options that ``train_cls`` refuses, and extras that are
    not installed.
    """
    check_ready(out, [data])
    _check_plan(plan, reference)
    source = Source(str(data), layout, positive, None if patients is None else str(patients))
    pictures = every_picture(source)
    recipe = with_options(plan.recipe, _options_of(source))
    cells, folder = plan.cells(), out / CELLS
    judged = {
        cell.name: judge_cell(cell, recipe, folder, judge_validation)
        for cell in train_cells(cells, recipe, folder, tell, train)
    }
    check_of_data(judged, {one.path.relative_to(data).as_posix() for one in pictures}, data)

    from covidcls.ablation.chosen import chosen_on_folds
    from covidcls.ablation.floors import floors_of
    from covidcls.ablation.nested import logits_of, with_nested_calibration
    from covidcls.ablation.table import table_of

    cards = {cell.name: card_of(cell, folder) for cell in cells}
    rows, chosen = [], {}
    for row in plan.all_rows():
        of_row = [_of_seed(row, seed, cells) for seed in plan.seeds]
        fitted = [[Calibration.from_card(cards[c.name]) for c in folds] for folds in of_row]
        scores = scores_of(row, plan.seeds, cells, judged)
        logits = logits_of(scores, fitted)
        rows.append((with_nested_calibration(scores, logits), row.options))
        if plan.folds is not None:
            chosen[row.name] = chosen_on_folds(scores, logits)
    floors = floors_of([cards[c.name] for c in _of_seed(cells[0].row, cells[0].seed, cells)])
    # cards of long ago do not say
    resumed = [bool(card["training"].get("resumed")) for card in cards.values()]
    table = table_of(rows, floors, reference, resumed)
    judged_on = _judged_on(source, plan.folds, pictures)

    from covidcls.ablation.report import as_dict

    record = {
        "tool": "lungseg-covid ablate",
        "data": {
            "name": data.resolve().name,
            "layout": layout,
            "judged_on": judged_on,
            "patients": None if patients is None else patients.name,
            "sha256": judged_sha256(rows[0][0]),
        },
        "segmenters": segmenters_in(cards.values()),
        **as_dict(table),
        "folds": plan.folds,
        "chosen_on_folds": chosen,
        "minutes": round(sum(card["training"]["minutes"] or 0 for card in cards.values()), 1),
        "recipe": dict(plan.recipe),
        "versions": versions(),
    }
    title = f"{one_line(data.resolve().name)}, {judged_on}"
    record["written"] = _write(out, record, [row for row, _ in rows], table, title)
    return record


def judged_sha256(scores: RowScores) -> str:
    """Hash of which slices were judged, with label and patient."""
    slices = zip(scores.paths, scores.labels.tolist(), scores.patients, strict=True)
    return split_sha256(
        ("judged", LabelledPicture(Path(p), label, who)) for p, label, who in slices
    )


def check_of_data(
    judged: Mapping[str, Sequence[JudgedSlice]], known: Collection[str], data: Path
) -> None:
    """Raise UsageError for a cell that judged slices which ``data`` do not have.

    ``judged``: by cell; ``known``: the paths below ``data``.
    """
    for name, slices in judged.items():
        if strange := [one.path for one in slices if one.path not in known]:
            raise UsageError(
                f"cell {name} judged slices that {data} does not have ({strange[0]}); remove it or "
                "give another --out"
            )


def check_ready(out: Path, data: Iterable[Path]) -> None:
    """Raise UsageError unless what is needed is installed, and ``out`` is free or has cells and
    lies in none of ``data``."""
    check_installed("train")
    results = out.resolve()
    for folder in data:
        if folder.resolve() in (results, *results.parents):
            raise UsageError(f"{out} lies in the data {folder}: choose another --out")
    if not is_free(out) and not (out / CELLS).is_dir():
        raise UsageError(f"{out} has other things than cells of an ablation: choose another --out")
    OutputFolder(out).check_writable()


def scores_of(
    row: Row,
    seeds: Sequence[int],
    cells: Sequence[Cell],
    judged: Mapping[str, Sequence[JudgedSlice]],
) -> RowScores:
    """The trainings of a row, with what they judged by seed and fold."""
    own = [[judged[cell.name] for cell in _of_seed(row, seed, cells)] for seed in seeds]
    return row_scores(row.name, seeds, own)


def _of_seed(row: Row, seed: int, cells: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if (cell.row, cell.seed) == (row, seed)]


def _check_plan(plan: Plan, reference: str) -> None:
    """Raise UsageError for a plan that names its data itself, and a ``reference`` that is no row;
    the default may be none, and the table says so."""
    names = [row.name for row in plan.all_rows()]
    if reference not in (*names, REFERENCE):
        raise UsageError(f"there is no row {reference!r} to test against; rows: {', '.join(names)}")
    named = {f"data.{key}" for key in plan.recipe.get("data", {})} & {"data.sources"}
    named = named.union(*(row.options for row in plan.all_rows())) & OF_DATA
    if named:
        raise UsageError(
            f"an ablation is of the data that --data names; leave {', '.join(sorted(named))} out "
            "of its plan"
        )


def _options_of(source: Source) -> dict[str, Any]:
    """Of ``train_cls``, to train on ``source`` alone."""
    if source.patients is not None:
        return {"data.sources": [asdict(source)]}
    return {
        "data.data_dir": source.folder,
        "data.layout": source.layout,
        "data.positive": source.positive,
    }


def _judged_on(source: Source, folds: int | None, pictures: Sequence[LabelledPicture]) -> str:
    if folds is not None:
        return f"{folds} folds by {TOGETHER}"
    if source.layout == "covid-ct":
        return "validation of the official split"
    if any(picture.part == "val" for picture in pictures):
        return "validation as the folders lie"
    known = [picture.patient_known for picture in pictures]
    where_known = "patient" if all(known) else "patient where known, else by file"
    return f"validation by {where_known if any(known) else 'file, whose patients are unknown'}"


def _write(
    out: Path, record: dict[str, Any], scores: Sequence[RowScores], table: Table, title: str
) -> dict[str, str]:
    from covidcls.ablation.drawing import draw_margins, draw_roc, margin_table, roc_table
    from covidcls.ablation.report import csv_rows, markdown

    curves, margins = roc_table(scores), margin_table(table)
    files = {
        "table.csv": as_csv(csv_rows(table)),
        "table.md": markdown(table, title).encode(),
        "roc.csv": _columns(curves),
        "roc.png": draw_roc(curves, table, title),
    }
    if margins:
        files["margin.png"] = draw_margins(margins, table, title)
    written = {name: str(out / name) for name in (*files, "table.json")}
    for name, content in files.items():
        write_whole(out / name, content)
    write_json(out / "table.json", {**record, "written": written})
    return written


def _columns(columns: Mapping[str, Any]) -> bytes:
    rows = zip(*columns.values(), strict=True)
    return as_csv([list(columns), *([f"{value:.6g}" for value in row] for row in rows)])
