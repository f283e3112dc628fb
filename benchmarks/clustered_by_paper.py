"""Intervals of what folds of COVID-CT say, over patients and over papers.

    python benchmarks/clustered_by_paper.py COVID-CT --row shipped REFIT lesions-and-look \
        --row "whole slice" ABLATION full --row crop ABLATION crop-r5 --minus crop "whole slice"

REFIT and ABLATION are what ``refit`` and ``ablate --folds`` wrote. The slices of a paper share its
printing, so that patients of one paper are no independent witnesses: the second interval draws
papers, with all patients of theirs. Written to ``benchmarks/clustered_by_paper.json``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from result_file import write_result

from covidcls.ablation.measure import difference, figures_of
from covidcls.ablation.predictions import JudgedSlice, RowScores, read_predictions, row_scores
from covidcls.audit.quick import labelled_image
from covidcls.audit.units import independent_units
from covidcls.data.pictures import read_covid_ct
from covidcls.data.ties import by_paper
from lungseg.errors import UsageError
from pipelines.command import CommandParser

Units = Mapping[str, str]  # the independent unit of each picture, by its path
UNITS = ("patient", "paper")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write one JSON file, and print it; the exit code."""
    parser = CommandParser(description=__doc__.splitlines()[0], prog="clustered_by_paper.py")
    add = parser.add_argument
    add("data", type=Path, help="COVID-CT as published")
    add("--row", nargs=3, action="append", required=True, metavar=("NAME", "RUN", "ROW"))
    add("--minus", nargs=2, action="append", default=[], metavar=("NAME", "NAME"))
    add("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    return write_result(
        measured,
        parser.parse_args(arguments),
        summary=lambda result: json.dumps(result, indent=2),
    )


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """AUC of each row, and each difference, over both kinds of units."""
    of_paper = paper_units(given.data)
    rows = {name: judged(Path(run), row, of_paper) for name, run, row in given.row}
    for pair in given.minus:
        if missing := [name for name in pair if name not in rows]:
            raise UsageError(f"--minus names {missing[0]!r}, which no --row has; correct it")
    one = next(iter(rows.values()))
    sick = [row for row in zip(one.paths, one.patients, one.labels, strict=True) if row[2]]
    return {
        "data": given.data.name,
        "images": len(one.paths),
        "patients": len(set(one.patients)),
        "patients_with_covid": len({patient for _, patient, _ in sick}),
        "units": len({of_paper[path] for path in one.paths}),
        "units_with_covid": len({of_paper[path] for path, _, _ in sick}),
        "rows": {
            name: {unit: _auc(clustered(row, of_paper, unit)) for unit in UNITS}
            for name, row in rows.items()
        },
        "differences": {
            f"{a} minus {b}": {
                unit: _difference(*(clustered(rows[name], of_paper, unit) for name in (b, a)))
                for unit in UNITS
            }
            for a, b in given.minus
        },
    }


def paper_units(root: Path) -> Units:
    """The paper of every picture of train and validation, with all papers of its patient; a patient
    of no paper stands alone."""
    pictures = [*read_covid_ct(root, "train"), *read_covid_ct(root, "val")]
    images = [labelled_image(root, picture) for picture in pictures]
    units = independent_units(images, by_paper(images))
    return {image.path: unit for image, unit in zip(images, units, strict=True)}


def judged(run: Path, row: str, units: Units) -> RowScores:
    """What the folds of ``row`` say of the pictures that ``units`` has, and of no others."""
    found = sorted((run / "cells").glob(f"{row}-seed*-fold*/predictions.csv"))
    cells = [
        re.fullmatch(re.escape(row) + r"-seed(\d+)-fold(\d+)", one.parent.name) for one in found
    ]
    seeds = sorted({int(cell[1]) for cell in cells if cell})
    folds = range(len({int(cell[2]) for cell in cells if cell}))
    if not seeds:
        raise UsageError(f"{run} has no fold of {row}; name what ablate --folds or refit wrote")
    return row_scores(
        row,
        seeds,
        [
            [
                _own(read_predictions(run / "cells" / name / "predictions.csv"), units)
                for name in (f"{row}-seed{seed}-fold{fold}" for fold in folds)
            ]
            for seed in seeds
        ],
    )


def _own(slices: Sequence[JudgedSlice], units: Units) -> list[JudgedSlice]:
    """Those of the data, named as there: of several sources, each begins with its folder."""
    own = []
    for one in slices:
        source, _, path = one.path.partition("/")
        if one.path in units:
            own.append(one)
        elif path in units:
            patient = one.patient.replace(f"{source}/", "", 1)
            own.append(replace(one, path=path, patient=patient))
    return own


def clustered(row: RowScores, units: Units, unit: str) -> RowScores:
    """``row`` with the paper in the place of the patient, or as it is."""
    if unit == "patient":
        return row
    return replace(row, patients=tuple(units[path] for path in row.paths))


def _auc(row: RowScores) -> dict[str, float]:
    found = figures_of(row)["auc"]
    return _rounded(value=found.value, low=found.low, high=found.high)


def _difference(reference: RowScores, row: RowScores) -> dict[str, float]:
    found = difference(reference, row)
    return _rounded(value=found.auc, low=found.low, high=found.high)


def _rounded(**values: float) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


if __name__ == "__main__":
    sys.exit(main())
