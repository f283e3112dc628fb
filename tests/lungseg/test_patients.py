"""Every file has the patient that a table gives it, what the table says of no file is told, and
papers are known by names."""

from __future__ import annotations

from pathlib import Path

import pytest

from lungseg.errors import UsageError
from lungseg.patients import paper_of, read_patients

FILES = ["sick/a.png", "sick/same.png", "well/same.png"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "patients.csv"


def test_patients_are_known_by_the_path_of_their_files(table: Path) -> None:
    table.write_text("slice,patient\na,ann\nsick/a.png,ann\nwell/same,bob\n")
    found = read_patients(table, FILES)
    assert (found.of, found.message) == ({"sick/a.png": "ann", "well/same.png": "bob"}, "")


def test_rows_that_name_no_file_are_counted_and_the_first_is_named(table: Path) -> None:
    table.write_text("file,patient\na.png,ann\nsick/b.png,bob\nc.png,eve\nd.png,\n")
    found = read_patients(table, FILES)
    assert found.of == {"sick/a.png": "ann"}
    assert found.message == (
        "2 of the 3 rows of patients.csv name no file here, the first sick/b.png"
    )


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a,ann\nsick/a.png,eve\n", r"gives sick/a\.png to two patients, ann and eve"),
        ("b.png,ann\n", r"names none of the 3 files: it has b\.png; .* is sick/a\.png"),
        ("a.png,\n", "names none of the 3 files: none of its rows has name and patient"),
        ("same.png,ann\n", "may be sick/same.png or well/same.png"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table: Path, rows: str, words: str) -> None:
    table.write_text(f"file,patient\n{rows}")
    with pytest.raises(UsageError, match=words):
        read_patients(table, FILES)


@pytest.mark.parametrize(
    ("name", "paper"),
    [
        ("2020.02.10.20021584-p6-52%0.png", "2020.02.10.20021584"),
        ("kjr-21-e25-p1-13.png", "kjr-21-e25"),
        ("PIIS0140673620303603%1.png", "PIIS0140673620303603"),
        ("some/folder/71%0.jpg", "71"),
        ("Covid (12).jpg", None),
        ("ct-p12-003.png", None),
        ("covid-pneumonia-31.png", None),
        ("Recurrence-of-positive-2020-p1-21%1.png", "Recurrence-of-positive-2020"),
        ("114.png", None),
    ],
)
def test_the_paper_is_the_beginning_of_the_name(name: str, paper: str | None) -> None:
    assert paper_of(name) == paper
