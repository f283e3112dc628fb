"""Counts of a run, the record in ``run.json``, and the table that a person reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pipelines.command import ExitCode
from pipelines.prediction import LABELS, STATUSES
from pipelines.results import cell
from pipelines.text import extensions_of, one_line

NOTE = "A research tool, not a medical device."
NAMED = 5  # inputs that need a look and are named one by one; the rows have them all


class Tally:
    """Counts over rows, in memory that does not grow with their number."""

    def __init__(self) -> None:
        self.status: Counter[str] = Counter(dict.fromkeys(STATUSES, 0))
        self.label: Counter[str] = Counter(dict.fromkeys(LABELS, 0))
        self.indeterminate = 0
        self.look_at: dict[str, list[str]] = {"unreadable": [], "not_ct": []}

    def add(self, row: tuple[str, ...]) -> None:
        """Count one row."""
        status, label = cell(row, "status"), cell(row, "label")
        self.status[status] += 1
        if label:
            self.label[label] += 1
        self.indeterminate += cell(row, "band") == "indeterminate"
        named = self.look_at.get(status)
        if named is not None and len(named) < NAMED:
            named.append(cell(row, "path"))

    def as_dict(self) -> dict[str, Any]:
        """The counts, as ``run.json`` has them."""
        return {
            "slices": self.slices,
            "status": dict(self.status),
            "label": dict(self.label),
            "indeterminate": self.indeterminate,
            "look_at": self.look_at,
        }

    @property
    def slices(self) -> int:
        """Rows counted."""
        return self.status.total()


def exit_code_of(record: Mapping[str, Any]) -> ExitCode:
    """LOOK when a row is ``unreadable`` or ``not_ct``, a folder could not be listed, or a series
    cannot have its DICOM-SEG."""
    status = record["status"]
    refused = record.get("dicom_seg", {}).get("refused")
    if status["unreadable"] or status["not_ct"] or record["unreadable_folders"] or refused:
        return ExitCode.LOOK
    return ExitCode.DONE


def table(record: Mapping[str, Any]) -> str:
    """The record of a finished run as lines for a person."""
    status, label = record["status"], record["label"]
    labels = ", ".join(f"{name} {count}" for name, count in label.items())
    if unsure := record.get("indeterminate"):  # a run of before it was counted has none
        labels += f"; {unsure} of them indeterminate"
    lines = [f"{'slices':<12}{record['slices']:>8}   in {record['inputs']} inputs"]
    for name, count in status.items():
        detail = f"   {labels}" if name == "ok" else _named(record["look_at"].get(name, []), count)
        lines.append(f"  {name:<10}{count:>8}{detail if count else ''}")
    cases = record["cases"]
    detail = f"   {', '.join(f'{name} {cases[name]}' for name in LABELS)}"
    if cases["without"]:
        detail += f", without probability {cases['without']}"
    lines.append(f"{'cases':<12}{cases['cases']:>8}{detail}")
    point = f"operating point: {record['operating_point']}"
    lines.append(f"{'threshold':<12}{record['threshold']:>8.3f}   {point}")
    if "dicom_seg" in record:
        lines.append(_segmented(record["dicom_seg"]))
    if record["ignored_files"]:
        kinds = extensions_of(record.get("ignored_extensions", {}))
        lines.append(
            f"{'ignored':<12}{record['ignored_files']:>8}   files that are no slices{kinds}"
        )
    if earlier := record.get("earlier_results"):  # a run of before they were left out has none
        lines.append(f"{'left out':<12}{len(earlier):>8}   folders with results of earlier runs")
    folders = record["unreadable_folders"]
    if folders:
        lines.append(f"{'not listed':<12}{len(folders):>8}{_named(folders[:NAMED], len(folders))}")
    lines += [f"{name:<12}{one_line(path)}" for name, path in record["written"].items()]
    lines.append(NOTE)
    return "\n".join(lines)


def _segmented(found: Mapping[str, Any]) -> str:
    """How many inputs have a DICOM-SEG, and why the others have none."""
    without = [("is no DICOM", found["not_dicom"]), ("no lung found", found["no_lung"])]
    said = [f"{why} {count}" for why, count in (*without, *found["refused"].items()) if count]
    named = _named(found["look_at"], sum(found["refused"].values()))
    none = f"   without: {', '.join(said)}{named}" if said else ""
    return f"{'DICOM-SEG':<12}{found['written']:>8}{none}"


def _named(paths: list[str], count: int) -> str:
    more = f" and {count - len(paths)} more" if count > len(paths) else ""
    return f"   {', '.join(one_line(path) for path in paths)}{more}" if paths else ""
