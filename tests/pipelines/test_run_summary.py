"""What a person reads at the end of a run."""

from __future__ import annotations

from typing import Any

from pipelines.results import COLUMNS
from pipelines.run_summary import Tally, table
from pipelines.text import extensions_of


def row(**cells: str) -> tuple[str, ...]:
    return tuple(cells.get(name, "") for name in COLUMNS)


def test_labels_that_should_not_be_believed_are_counted_beside_the_labels() -> None:
    tally = Tally()
    tally.add(row(status="ok", label="non-COVID", band="indeterminate"))
    tally.add(row(status="ok", label="non-COVID", band="below"))
    tally.add(row(status="no_lung"))
    record: dict[str, Any] = {
        **tally.as_dict(),
        "inputs": 3,
        "cases": {"cases": 3, "COVID": 0, "non-COVID": 2, "without": 1},
        "threshold": 0.5,
        "operating_point": "youden",
        "ignored_files": 0,
        "unreadable_folders": [],
        "written": {},
    }
    assert "COVID 0, non-COVID 2; 1 of them indeterminate" in table(record)
    del record["indeterminate"]  # as a run of long ago left it
    assert "indeterminate" not in table(record)


def test_the_most_frequent_of_the_ignored_extensions_are_named() -> None:
    kinds = {".txt": 3, "": 2, ".xml": 1}
    assert extensions_of(kinds) == " (.txt 3, no extension 2, .xml 1)"
    assert extensions_of({**kinds, ".z": 1}) == " (.txt 3, no extension 2, .xml 1 and others)"
    assert extensions_of({}) == ""
