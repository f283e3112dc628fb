"""Tables find their files, whatever a spreadsheet or a file system made of them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from lungseg.errors import UsageError
from lungseg.name_table import NAME_COLUMNS, FileNames, read_name_table

ROWS = [("sick/ä, b.png", "ann"), ("0002", "bob")]


@pytest.mark.parametrize("column", NAME_COLUMNS)
def test_a_name_stands_in_any_of_the_known_columns(tmp_path: Path, column: str) -> None:
    (tmp_path / "p.csv").write_text(f"age,{column},patient\n70,0001,ann\n,0002,\n,,bob\n")
    assert read_name_table(tmp_path / "p.csv", "patient") == [("0001", "ann")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_may_have_been_through_a_spreadsheet(
    tmp_path: Path, encoding: str, separator: str, end: str
) -> None:
    lines = (("Patient ", "File"), *((who, f'"{name}"') for name, who in ROWS), ("", ""))
    text = end.join(separator.join(cells) for cells in lines)
    (tmp_path / "p.csv").write_bytes(text.encode(encoding))
    assert read_name_table(tmp_path / "p.csv", "patient") == ROWS


def test_a_slice_beside_a_name_is_its_number(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("slice,path,patient\n0,a.png,ann\n")
    assert read_name_table(tmp_path / "p.csv", "patient") == [("a.png", "ann")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"slice,age\n1,70\n", "has the columns slice, age; needed are patient and one of file"),
        (b"number,patient\n1,a\n", "needed are patient and one of file"),
        (b"", "empty file"),
        ("file;patient\nä.png;1\n".encode("cp1252"), "no CSV in UTF-8; .* as CSV UTF-8"),
        (b"PK\x03\x04 a workbook \xff\xfe", "no CSV in UTF-8"),
        (None, "cannot read the patients in .*: No such file"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "p.csv").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read_name_table(tmp_path / "p.csv", "patient")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("train/sick/a.png", "train/sick/a.png"),
        (".\\train\\sick\\a.png", "train/sick/a.png"),
        ("sick/a", "train/sick/a.png"),
        ("a.jpg", "train/sick/a.png"),
        ("well/same.png", "well/same.png"),
        ("scan.2", "well/scan.2.nii.gz"),
        ("b.png", "b.png"),
        (unicodedata.normalize("NFC", "lübeck"), unicodedata.normalize("NFD", "well/lübeck.png")),
        ("k/a.png", None),
        ("other/a.png", None),
        ("scan", None),
    ],
)
def test_a_file_is_found_by_its_path_or_by_its_end(name: str, path: str | None) -> None:
    files = FileNames(
        [
            *("train/sick/a.png", "train/sick/same.png", "well/same.png", "well/scan.2.nii.gz"),
            *("b.png", "well/b.png", unicodedata.normalize("NFD", "well/lübeck.png")),
        ]
    )
    assert files.find(name) == path


def test_a_name_of_several_files_is_refused() -> None:
    for paths, name in ((["s/a.png", "w/a.png"], "a.png"), (["s/a.png", "s/a.jpg"], "s/a")):
        with pytest.raises(UsageError, match=r"may be s/a\.png or [sw]/a\.(png|jpg); write"):
            FileNames(paths).find(name)
