"""What the audit writes and prints: a page, rows, a record, and lines for a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from covidcls.audit.findings import COLUMNS, Finding
from lungseg.errors import UsageError
from lungseg.whole_file import write_json, write_whole
from pipelines.results import as_csv, cell_of_message, cell_of_path
from pipelines.text import one_line

if TYPE_CHECKING:
    from covidcls.audit.audit import Audit

FILES = {"page": "audit.html", "rows": "audit.csv", "record": "audit.json"}


def check_split_file(file: Path, overwrite: bool) -> None:
    """Raise UsageError unless the table of a split and its record can be written to ``file``."""
    if file.suffix.lower() != ".csv":
        raise UsageError(f"--build-split {file} should be a file that ends in .csv")
    if not file.parent.is_dir():
        raise UsageError(f"--build-split {file}: there is no folder {file.parent}")
    if not overwrite and (file.exists() or file.with_suffix(".json").exists()):
        raise UsageError(
            f"{file}, or the .json beside it, is there: replace them with --overwrite, or choose "
            "another --build-split"
        )


def write_results(out: Path, audit: Audit, record: Mapping[str, Any]) -> None:
    """Every file whole, the record last; what an earlier audit wrote here goes before."""
    from covidcls.audit.report import render

    page = render(audit, record["input"], _about(record))
    out.mkdir(parents=True, exist_ok=True)
    for file in FILES.values():
        (out / file).unlink(missing_ok=True)
    # what no UTF-8 can hold, in the name of a file, is shown as an escape
    write_whole(out / FILES["page"], page.encode("utf-8", "backslashreplace"))
    write_whole(out / FILES["rows"], as_csv([COLUMNS, *map(_row, audit.findings)]))
    write_json(out / FILES["record"], record)


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
    segmenter = record["weights"].get("segmenter")
    return {
        "data": record["input"],
        "started": record["started"],
        "seconds": f"{record['seconds']:,}",
        **{name: str(value) for name, value in options.items()},
        **({"stage 1": f"{segmenter['name']}, sha256 {segmenter['sha256']}"} if segmenter else {}),
        "sha256 of the list of files": record["input_list_sha256"],
        "versions": ", ".join(f"{name} {number}" for name, number in record["versions"].items()),
    }
