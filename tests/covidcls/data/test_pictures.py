"""Labelled pictures: the official COVID-CT layout and class folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from openpyxl import Workbook
from PIL import Image

from covidcls.data.pictures import (
    LabelledPicture,
    Part,
    divide,
    listed_covid_ct,
    read_class_folders,
    read_covid_ct,
    split_sha256,
)
from lungseg.errors import UsageError


@pytest.fixture
def layout(covid_layout: Path, tmp_path: Path) -> Path:
    """A copy of the layout that a test may change."""
    return Path(shutil.copytree(covid_layout, tmp_path / "covid-ct"))


def test_labels_and_files_come_from_the_lists(covid_layout: Path) -> None:
    for part, count in (("train", 6), ("val", 3)):
        pictures = read_covid_ct(covid_layout, part)  # type: ignore[arg-type]
        assert [p.label for p in pictures] == [1] * count + [0] * count
        assert all(p.path.is_file() and part in p.path.name for p in pictures)
        assert all(("CT_COVID" in str(p.path)) == bool(p.label) for p in pictures)


def test_absent_files_are_counted_and_named_when_their_part_is_asked_for(
    covid_layout: Path,
) -> None:
    with pytest.raises(
        UsageError,
        match=r"4 of the 4 files of the test split .*CT_COVID/2020\.test-p0-COVID\.png, .*, \.\.\.",
    ):
        read_covid_ct(covid_layout, "test")


def test_one_absent_file_is_enough(layout: Path) -> None:
    (layout / "Images-processed" / "CT_NonCOVID" / "2020.val-p1-NonCOVID.png").unlink()
    read_covid_ct(layout, "train")
    with pytest.raises(UsageError, match=r"1 of the 6 .*: CT_NonCOVID/2020\.val-p1-NonCOVID\.png$"):
        read_covid_ct(layout, "val")


def test_a_folder_of_another_layout_is_told_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="should hold Data-split/ and Images-processed/"):
        read_covid_ct(tmp_path, "train")


def test_patients_come_from_the_sheets_else_from_the_paper_else_from_the_file(layout: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["File name", "Patient ID"])
    book.active.append(["2020.train-p0-COVID", "Patient 7"])
    book.active.append(["2020.train-p1-COVID.png", "Patient 7"])
    book.save(layout / "COVID-CT-MetaInfo.xlsx")
    (layout / "NonCOVID-CT-MetaInfo.csv").write_text(
        "image name,patient id\n2020.train-p5-NonCOVID.png,other 3\n"
    )
    listing = layout / "Data-split" / "NonCOVID" / "trainCT_NonCOVID.txt"
    listing.write_text(listing.read_text() + "17.png\r\n\n")
    folder = layout / "Images-processed" / "CT_NonCOVID"
    shutil.copy(folder / "2020.train-p0-NonCOVID.png", folder / "17.png")
    patients = {p.path.name: p.patient for p in read_covid_ct(layout, "train")}
    assert patients["2020.train-p0-COVID.png"] == "Patient 7"
    assert patients["2020.train-p1-COVID.png"] == "Patient 7"
    assert patients["2020.train-p2-COVID.png"] == "paper:2020.train"
    assert patients["2020.train-p5-NonCOVID.png"] == "other 3"
    assert patients["17.png"] == "file:17.png"


def test_only_a_page_or_panel_tells_a_paper(layout: Path) -> None:
    listing = layout / "Data-split" / "COVID" / "trainCT_COVID.txt"
    listing.write_text(
        "covid-pneumonia-31.png\nRecurrence-of-positive-2020-p1-21%1.png\n71%0.jpg\n"
    )
    found = [p.patient for p in listed_covid_ct(layout, "train") if p.label]
    assert found == [
        "file:covid-pneumonia-31.png",
        "paper:Recurrence-of-positive-2020",
        "paper:71",
    ]


def test_the_official_split_as_published(shared_data: Path) -> None:
    root = shared_data / "covid-ct"
    train, val = read_covid_ct(root, "train"), read_covid_ct(root, "val")
    assert [sum(p.label for p in part) for part in (train, val)] == [191, 60]
    assert [sum(not p.label for p in part) for part in (train, val)] == [234, 58]
    known = [p for p in train + val if not p.patient.startswith(("file:", "paper:"))]
    assert len(known) > 0.9 * len(train + val)
    covid, other = ({p.patient for p in train + val if p.label == label} for label in (1, 0))
    assert not covid & other  # one patient is not both
    with pytest.raises(UsageError, match="203 of the 203 files of the test split"):
        read_covid_ct(root, "test")


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    root = tmp_path / "folders"
    for name, count in (("COVID", 12), ("healthy", 8), ("cap", 4)):
        (root / name).mkdir(parents=True)
        for n in range(count):
            Image.new("L", (8, 8), n).save(root / name / f"{n}.png")
    (root / "COVID" / "notes.txt").write_text("no picture")
    return root


def test_class_folders_know_the_positive_one(folders: Path) -> None:
    pictures = read_class_folders(folders)
    assert len(pictures) == 24
    assert {p.path.parent.name for p in pictures if p.label} == {"COVID"}
    assert len({p.patient for p in pictures}) == 24  # equal names in two folders are two patients
    assert sum(p.label for p in read_class_folders(folders, "cap")) == 4


def test_class_folders_without_the_positive_one_list_what_is_there(folders: Path) -> None:
    with pytest.raises(UsageError, match="'covid' among them; found COVID, cap, healthy"):
        read_class_folders(folders, "covid")
    with pytest.raises(UsageError, match="found none"):
        read_class_folders(folders / "COVID")
    with pytest.raises(UsageError, match="there is no folder .*missing"):
        read_class_folders(folders / "missing")


def test_a_patient_is_never_on_two_sides() -> None:
    pictures = [LabelledPicture(Path(f"{n}.png"), n % 2, f"p{n // 7}") for n in range(700)]
    parts = divide(pictures, 0.2, seed=3)
    train, val = ({p.patient for p in parts[part]} for part in ("train", "val"))  # type: ignore[index]
    assert not train & val
    assert len(train | val) == 100
    assert 10 <= len(val) <= 30
    assert parts["test"] == []
    assert divide(pictures[::-1], 0.2, seed=3)["val"][::-1] == parts["val"]  # the order is nothing
    assert divide(pictures, 0.2, seed=4)["val"] != parts["val"]


def test_the_parts_that_folders_tell_are_kept_and_validation_drawn_where_there_is_none() -> None:
    def parts_of(*of: Part) -> dict[Part, list[LabelledPicture]]:
        pictures = [
            LabelledPicture(Path(f"{n}.png"), 1, f"p{n}", part=part)
            for part in of
            for n in range(99)
        ]
        return divide(pictures, 0.2, seed=3)

    for told in (("train", "val", "test"), ("train", "val"), ("val", "test")):
        found = parts_of(*told)
        assert {part: len(ones) for part, ones in found.items() if ones} == dict.fromkeys(told, 99)
    drawn = parts_of("train", "test")
    assert len(drawn["test"]) == 99 and 10 < len(drawn["val"]) < 30
    assert {picture.part for picture in drawn["val"]} == {"train"}


def test_the_hash_of_a_split_is_of_who_is_where() -> None:
    a, b = (LabelledPicture(Path(f"{name}.png"), 1, name) for name in "ab")
    one = split_sha256([("train", a), ("val", b)])
    assert one == split_sha256([("val", b), ("train", a)])
    assert one != split_sha256([("train", b), ("val", a)])
