"""What an evaluation of a classifier leaves: files, and lines for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from covidcls.evaluation.curves import Table
from covidcls.evaluation.drawing import Figures
from covidcls.evaluation.measure import FIGURES
from lungseg.whole_file import write_json, write_whole
from pipelines.evaluation_rows import PREDICTION_COLUMNS
from pipelines.labelled_slices import Judged
from pipelines.results import as_csv
from pipelines.text import one_line

METRICS, ROWS, FIGURES_IN = "metrics.json", "predictions.csv", "figures"


def table(record: Mapping[str, Any]) -> str:
    """The record of an evaluation as lines for a person."""
    data, point = record["data"], record["operating_point"]
    lines = [
        f"{record['positive_class']} in {one_line(data['name'])}, {data['split']}, found by "
        f"{record['checkpoint']['name']} ({record['checkpoint']['region']})",
        f"{'images':<18}{record['n_images']:>8}   {record['positive_class']} "
        f"{record['n_positive']}; {record['clustered_by']}s: {record['n_groups']}",
        f"{'threshold':<18}{record['threshold']:>8.3f}   operating point: {point} "
        f"({record['threshold_chosen_by']})",
    ]
    lines += [_line(name, record[name]) for name in FIGURES]
    lines[-1] += f", {record['ece_by_chance']:.3f} by chance alone"
    if record["floor"] and isinstance(record["floor"].get("value"), float):
        lines.append(_line("floor, auc", record["floor"]) + ", known without the lungs")
    patients = record["patients"]
    if patients:
        rule = patients["default"]
        lines.append(
            _line("patients, auc", patients[rule]["auc"]) + f", {patients['n']} patients by {rule}"
        )
    lines += [one_line(message) for message in record["messages"]]
    lines += [f"{name:<18}{one_line(path)}" for name, path in record["written"].items()]
    return "\n".join(lines)


def write_results(
    out: Path, judged: Sequence[Judged], tables: Mapping[str, Table], record: dict[str, Any]
) -> None:
    """Every file whole, the figures in numbers last; what an earlier run wrote here goes before."""
    folder = out / FIGURES_IN
    folder.mkdir(parents=True, exist_ok=True)
    (out / METRICS).unlink(missing_ok=True)
    write_whole(out / ROWS, as_csv([PREDICTION_COLUMNS, *(one.row for one in judged)]))
    data, checkpoint = record["data"], record["checkpoint"]
    title = (
        f"{one_line(data['name'])} {data['split']}, {checkpoint['name']}: "
        f"{record['n_images']} images, {record['n_groups']} {record['clustered_by']}s"
    )
    figures = Figures(tables, title, record["positive_class"], _texts(record), record["threshold"])
    for name, columns in tables.items():
        write_whole(folder / f"{name}.csv", _as_csv(columns))
        write_whole(folder / f"{name}.png", figures.draw(name))
    written = {"metrics": out / METRICS, "rows": out / ROWS, "figures": folder}
    record["written"] = {name: str(path) for name, path in written.items()}
    write_json(out / METRICS, record)


def _texts(record: Mapping[str, Any]) -> dict[str, str]:
    chance = f"; {record['ece_by_chance']:.3f} by chance alone"
    return {
        "roc": f"AUC {_figure(record['auc'])}",
        "precision_recall": f"average precision {_figure(record['pr_auc'])}",
        "reliability": f"calibration error {_figure(record['ece'])}{chance}",
        "confusion_matrix": f"accuracy {_figure(record['accuracy'])}",
    }


def _as_csv(columns: Table) -> bytes:
    rows = zip(*columns.values(), strict=True)
    cells = [["" if np.isnan(value) else f"{value:.6g}" for value in row] for row in rows]
    return as_csv([list(columns), *cells])


def _line(name: str, figure: Mapping[str, Any]) -> str:
    return f"{name:<18}{_figure(figure, pad=8)}"


def _figure(figure: Mapping[str, Any], pad: int = 0) -> str:
    if figure["value"] is None:
        return f"{'-':>{pad}}" if pad else "-"
    value = f"{figure['value']:>{pad}.3f}" if pad else f"{figure['value']:.3f}"
    return f"{value}{'  ' if pad else ''} ({figure['low']:.3f} to {figure['high']:.3f})"
