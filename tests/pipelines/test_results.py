"""Rows as text, and the journal that survives being cut off anywhere."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lungseg.errors import UsageError
from pipelines.chunks import chunks
from pipelines.prediction import Prediction, unreadable
from pipelines.results import COLUMNS, Journal, cell_of_path, row_of

MESSAGE = COLUMNS.index("message")

ODD_ROWS = [
    row_of(unreadable('new\nline "quoted", comma.png', 0, 0.5, "cut off,\r\nsays\x00 the reader")),
    row_of(unreadable("b\udcff.tif", 0, 0.5, "=HYPERLINK(1)")),
    row_of(unreadable("b\udcff.tif", 1, 0.5, "")),
    row_of(unreadable("é.png", 0, 0.5, "x")),
    row_of(unreadable("z.png", 0, 0.5, "y")),
]


def test_a_row_has_the_columns_of_the_interface_in_order() -> None:
    prediction = Prediction(
        "a/b.png",
        2,
        "ok",
        0.25,
        "non-COVID",
        0.5,
        0.125,
        0.0625,
        (1, 2, 3, 4),
        np.ones((2, 2), bool),
        "m",
        "indeterminate",
        np.array([[True, False], [False, False]]),
        0.5,
    )
    assert dict(zip(COLUMNS, row_of(prediction), strict=True)) == {
        "path": "a/b.png",
        "slice": "2",
        "status": "ok",
        "probability": "0.250000",
        "label": "non-COVID",
        "threshold": "0.500000",
        "lung_fraction": "0.125000",
        "x_min": "1",
        "y_min": "2",
        "x_max": "3",
        "y_max": "4",
        "message": "m",
        "lesion_fraction": "0.062500",
        "band": "indeterminate",
        "lung_ml": "2.000000",
        "lesion_ml": "0.500000",
        "file": "a/b.png",
    }
    appended = ("lesion_fraction", "band", "lung_ml", "lesion_ml", "file")  # never inserted
    assert COLUMNS[-5:] == appended
    in_series = replace(prediction, file="a/b/1.dcm")
    assert row_of(in_series)[COLUMNS.index("file")] == "a/b/1.dcm"


def test_no_lesion_share_is_no_number() -> None:
    refused = Prediction("a", 0, "no_lung", None, None, 0.5, 0.0, None, None, None, "m")
    for prediction in (unreadable("a", 0, 0.5, "m"), refused):
        assert row_of(prediction)[COLUMNS.index("lesion_fraction")] == ""


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_no_cell_is_a_formula_to_a_spreadsheet(start: str) -> None:
    row = row_of(unreadable(f"{start}.png", 0, 0.5, start))
    assert row[0] == f"./{start}.png"  # still the same file
    assert not row[MESSAGE].startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.text(st.characters(exclude_categories=[])))
@example("\ud800 \udcff")
def test_any_message_is_one_printable_line_of_utf8(message: str) -> None:
    cell = row_of(unreadable("a.png", 0, 0.5, message))[MESSAGE]
    assert cell.isprintable()
    cell.encode("utf-8")


def test_a_name_that_is_no_utf8_is_written_readably() -> None:
    assert cell_of_path("caf\udce9.png") == r"caf\xe9.png"


def write(part: Path, rows: list[tuple[str, ...]], most: int) -> None:
    with Journal(part, most) as journal:
        done = len(journal.kept)
        for chunk in chunks(rows[done:], most, done):
            journal.append(chunk)


def test_a_journal_cut_at_any_byte_goes_on_to_the_same_file(tmp_path: Path) -> None:
    part = tmp_path / "rows.part"
    write(part, ODD_ROWS, 2)
    whole = part.read_bytes()
    assert list(csv.reader(io.StringIO(whole.decode(), newline="")))[1:] == [
        list(row) for row in ODD_ROWS
    ]
    for cut in range(len(whole) + 1):
        part.write_bytes(whole[:cut])
        with Journal(part, 2) as journal:
            assert len(journal.kept) in (0, 1, 3, 5)  # chunks of 1, 2 and 2
            assert journal.kept == ODD_ROWS[: len(journal.kept)]
        write(part, ODD_ROWS, 2)
        assert part.read_bytes() == whole


def test_a_journal_with_zeros_after_a_power_cut_keeps_what_is_whole(tmp_path: Path) -> None:
    part = tmp_path / "rows.part"
    write(part, ODD_ROWS[:3], 2)
    whole = part.read_bytes()
    part.write_bytes(whole + bytes(300))
    with Journal(part, 2) as journal:
        assert journal.kept == ODD_ROWS[:3]
    assert part.read_bytes() == whole


def test_a_journal_of_other_columns_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    part = tmp_path / "rows.part"
    older = ",".join(COLUMNS[:-1]) + "\na.png,0,unreadable,,,0.500000,,,,,,x\n"
    part.write_text(older)
    with pytest.raises(UsageError, match=r"rows\.part has other columns.*--overwrite"):
        Journal(part, 2)
    assert part.read_text() == older


def test_rows_are_on_disk_when_append_returns(tmp_path: Path) -> None:
    part = tmp_path / "rows.part"
    with Journal(part, 2) as journal:
        journal.append(ODD_ROWS[:2])
        assert len(list(csv.reader(part.open(encoding="utf-8", newline="")))) == 3
