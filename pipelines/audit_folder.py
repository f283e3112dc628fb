"""Audit a labelled image set into a page, rows and a record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal, get_args

from covidcls.audit.findings import COLUMNS, Finding
from covidcls.audit.inventory import Inventory, class_folders, covid_ct
from lungseg.errors import UsageError
from lungseg.whole_file import write_whole
from pipelines.command import ExitCode
from pipelines.output_folder import OutputFolder, is_free
from pipelines.results import as_csv, cell_of_message, cell_of_path
from pipelines.run_identity import identity_of, now
from pipelines.text import one_line

Layout = Literal["covid-ct", "folders"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)

Progress = Callable[[int, int], object]
FILES = {"page": "audit.html", "rows": "audit.csv", "record": "audit.json"}

_EXTRA = ("faiss", "imagehash", "jinja2", "openpyxl")  # modules that [audit] installs


@dataclass(frozen=True)
class DataSet:
    """Where the images are, and how their labels, splits and patients are told.

    ``splits`` and ``patients``: see ``inventory.class_folders``; COVID-CT brings its own.
    """

    root: Path
    layout: Layout = "folders"
    splits: Path | None = None
    patients: Path | None = None

    def inventory(self) -> Inventory:
        """The labelled images. Raises UsageError where they are not as ``layout`` says."""
        if not self.root.is_dir():
            raise UsageError(f"{self.root} is not a folder; check its spelling")
        if self.layout == "folders":
            return class_folders(self.root, self.splits, self.patients)
        if self.splits or self.patients:
            raise UsageError(
                "--splits and --patients go with --layout folders: covid-ct has its own lists"
            )
        return covid_ct(self.root)


def audit_folder(
    data: DataSet,
    out: Path,
    overwrite: bool = False,
    workers: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write ``audit.html``, ``audit.csv`` and ``audit.json`` to ``out``; returns the record.

    ``workers``: processes that read (0: this one). ``progress(done, total)`` is called with numbers
    of files. Raises UsageError, before anything is written, for a missing or empty input, tables
    that do not fit it, an ``out`` in the way, and where the extra ``audit`` is not installed.
    """
    began, started = time.perf_counter(), now()
    _check_out(out, data.root, overwrite)
    inventory = data.inventory()
    _check_installed()

    from covidcls.audit.audit import audit_images
    from covidcls.audit.report import looked_at, record_of, render

    audit = audit_images(inventory, workers, progress)
    name = data.root.resolve().name
    paths = sorted({image.path for image in inventory.images})
    options = {
        "layout": data.layout,
        "splits": str(data.splits) if data.splits else None,
        "patients": str(data.patients) if data.patients else None,
    }
    record = {
        "tool": "lungseg-covid audit",
        "started": started,
        "input": name,
        "looked_at": looked_at(audit),
        **identity_of(options, {}, [data.root / path for path in paths], paths),
        **record_of(audit),
        "written": {what: str(out / file) for what, file in FILES.items()},
        "exit_code": int(ExitCode.LOOK if audit.needs_look else ExitCode.DONE),
        "seconds": round(time.perf_counter() - began, 1),
    }
    _write(
        out,
        {
            "page": render(audit, name, _about(record)).encode("utf-8", "backslashreplace"),
            "rows": as_csv([COLUMNS, *map(_row, audit.findings)]),
            "record": (json.dumps(record, indent=2) + "\n").encode("ascii"),
        },
    )
    return record


def table(record: Mapping[str, Any]) -> str:
    """The record of an audit as lines for a person."""
    lines = wrap(one_line(f"{record['input']}: {record['looked_at']}"), 100)
    for found in record["verdicts"]:
        mark = "look" if found["needs_look"] else "note"
        for start, text in ((f"{mark}  ", found["what"]), (" " * 6, found["means"])):
            said = one_line(text)  # names of classes and splits come from others
            lines += wrap(said, 100, initial_indent=start, subsequent_indent=" " * 6)
    lines += [f"{what:<8}{one_line(path)}" for what, path in record["written"].items()]
    return "\n".join(lines)


def _row(finding: Finding) -> tuple[str, ...]:
    """The cells of a finding as they are written: names come from others, and a spreadsheet would
    compute what looks like a formula."""
    cells = dict(zip(COLUMNS, finding.cells(), strict=True))
    for column in ("file_a", "file_b"):
        cells[column] = cell_of_path(cells[column])
    for column in ("group", "message"):
        cells[column] = cell_of_message(cells[column])
    return tuple(cells.values())


def _about(record: Mapping[str, Any]) -> dict[str, str]:
    """How the audit was made, for the page."""
    options = {name: value for name, value in record["options"].items() if value is not None}
    return {
        "data": record["input"],
        "started": record["started"],
        "seconds": f"{record['seconds']:,}",
        **{name: str(value) for name, value in options.items()},
        "sha256 of the list of files": record["input_list_sha256"],
        "versions": ", ".join(f"{name} {number}" for name, number in record["versions"].items()),
    }


def _check_installed() -> None:
    missing = [module for module in _EXTRA if find_spec(module) is None]
    if missing:
        raise UsageError(
            f"the audit needs {', '.join(missing)}: python -m pip install 'lungseg-covid[audit]'"
        )


def _check_out(out: Path, root: Path, overwrite: bool) -> None:
    if not is_free(out) and not overwrite:
        raise UsageError(
            f"{out} is not empty: replace its results with --overwrite, or choose another --out"
        )
    if root.resolve() in (out.resolve(), *out.resolve().parents):
        raise UsageError(f"{out} lies in the input {root}: choose another --out")
    OutputFolder(out).check_writable()


def _write(out: Path, contents: Mapping[str, bytes]) -> None:
    """Every file whole, the record last; what an earlier audit wrote here goes before."""
    out.mkdir(parents=True, exist_ok=True)
    for file in FILES.values():
        (out / file).unlink(missing_ok=True)
    for what, content in contents.items():
        write_whole(out / FILES[what], content)
