"""Images with split, patient and source, from the two layouts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from covidcls.audit.inventory import LabelledImage, class_folders, covid_ct, crossings
from lungseg.errors import UsageError


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two classes; ``same.png`` is in both."""
    for name in ("sick/a.png", "sick/same.png", "well/b.png", "well/same.png"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8)).save(path)
    return tmp_path / "data"


def test_the_published_layout_is_listed_whole_and_absent_files_are_kept_apart(
    covid_layout: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(covid_layout, tmp_path / "covid-ct"))
    table = root / "NonCOVID-CT-MetaInfo.csv"
    table.write_text(",image name,patient id\n0,2020.train-p1-NonCOVID.png,p7\n")
    extra = root / "Images-processed" / "CT_COVID" / "extra.png"
    Image.new("L", (8, 8)).save(extra)
    inventory = covid_ct(root)
    images = {image.path: image for image in inventory.images}
    assert len(images) == 19 and len(inventory.absent) == 4
    assert {image.split for image in inventory.absent} == {"test"}
    assert images["Images-processed/CT_NonCOVID/2020.train-p1-NonCOVID.png"] == LabelledImage(
        "Images-processed/CT_NonCOVID/2020.train-p1-NonCOVID.png",
        "NonCOVID",
        "train",
        "p7",
        "2020.train",
    )
    # where no sheet names a patient there is none: the paper and the file are no patients
    assert images["Images-processed/CT_COVID/2020.val-p0-COVID.png"].patient is None
    (unlisted,) = inventory.unlisted
    assert (unlisted.path, unlisted.label) == ("Images-processed/CT_COVID/extra.png", "COVID")


def test_another_split_of_the_published_layout_keeps_labels_and_patients(
    covid_layout: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(covid_layout, tmp_path / "covid-ct"))
    table = root / "NonCOVID-CT-MetaInfo.csv"
    table.write_text(",image name,patient id\n0,2020.train-p1-NonCOVID.png,p7\n")
    splits = tmp_path / "split.csv"
    folder = "Images-processed/CT_NonCOVID"
    splits.write_text(
        f"file,split\n2020.train-p1-NonCOVID.png,val\n{folder}/2020.test-p0-NonCOVID.png,val\n"
    )
    inventory = covid_ct(root, splits)
    (image,) = (image for image in inventory.images if image.split)
    assert (image.path, image.label) == (f"{folder}/2020.train-p1-NonCOVID.png", "NonCOVID")
    assert (image.split, image.patient) == ("val", "p7")
    assert len(inventory.unlisted) == 17
    (absent,) = inventory.absent  # test files of the official split that this one does not name
    assert (absent.split, absent.label) == ("val", "NonCOVID")


def test_class_folders_alone_have_labels_only(folders: Path) -> None:
    inventory = class_folders(folders)
    assert [(i.path, i.label) for i in inventory.images] == [
        ("sick/a.png", "sick"),
        ("sick/same.png", "sick"),
        ("well/b.png", "well"),
        ("well/same.png", "well"),
    ]
    assert all(i.split is None and i.patient is None for i in inventory.images)
    assert inventory.absent == inventory.unlisted == ()


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_splits_and_patients_are_taken_from_tables(
    folders: Path, tmp_path: Path, kind: str
) -> None:
    splits = tmp_path / f"splits.{kind}"
    listed = {"train": ["a.png", "sick/same.png"], "test": ["well/b.png", "well/gone.png"]}
    if kind == "json":
        splits.write_text(json.dumps(listed))
    else:
        rows = [f"{file},{split}" for split, files in listed.items() for file in files]
        splits.write_text("\n".join(["file,split", *rows]))
    patients = tmp_path / "patients.csv"
    patients.write_text("file,patient\na.png,p1\nwell/b.png,p1\nsick/same.png,\n")
    inventory = class_folders(folders, splits, patients)
    assert [(i.path, i.split, i.patient) for i in inventory.images] == [
        ("sick/a.png", "train", "p1"),
        ("sick/same.png", "train", None),
        ("well/b.png", "test", "p1"),
        ("well/same.png", None, None),
    ]
    assert [(i.path, i.label, i.split) for i in inventory.absent] == [
        ("well/gone.png", "well", "test")
    ]
    assert [i.path for i in inventory.unlisted] == ["well/same.png"]


def test_a_file_in_two_splits_is_there_twice(folders: Path, tmp_path: Path) -> None:
    (tmp_path / "splits.json").write_text('{"train": ["a.png"], "test": ["a.png"]}')
    inventory = class_folders(folders, tmp_path / "splits.json")
    assert [i.split for i in inventory.images if i.path == "sick/a.png"] == ["train", "test"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("splits.json", '{"train": ["same.png"]}', "same.png may be sick/same.png or well/same"),
        ("splits.json", '["a.png"]', "should be an object of split to files"),
        ("splits.json", "{", "cannot be read as JSON"),
        ("splits.csv", "number,split\n1,train\n", "number, split; needed are split and one of"),
        ("missing.csv", None, "cannot read the splits in .*missing.csv"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    folders: Path, tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=message):
        class_folders(folders, tmp_path / name)


@pytest.mark.parametrize("column", ["patient", "split"])
def test_a_table_of_another_data_set_is_refused(folders: Path, tmp_path: Path, column: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"file,{column}\nelsewhere.png,x\n")
    with pytest.raises(UsageError, match=r"names no(ne| image) of .* sick/a\.png"):
        class_folders(folders, **{f"{column}s": table})


def test_parts_of_a_split_above_the_classes_are_the_split(folders: Path, tmp_path: Path) -> None:
    root = tmp_path / "set"
    shutil.copytree(folders, root / "Training")
    shutil.copytree(folders, root / "test")
    images = class_folders(root).images
    assert [(i.path, i.label, i.split) for i in images[:2] + images[-1:]] == [
        ("Training/sick/a.png", "sick", "train"),
        ("Training/sick/same.png", "sick", "train"),
        ("test/well/same.png", "well", "test"),
    ]
    table = tmp_path / "splits.csv"
    table.write_text("file,split\ntest/sick/a.png,val\ntest/well/gone.png,val\n")
    other = class_folders(root, table)
    assert [(i.path, i.split) for i in other.images if i.split] == [("test/sick/a.png", "val")]
    assert [(i.path, i.label) for i in other.absent] == [("test/well/gone.png", "well")]


def test_rows_of_patients_that_name_no_file_are_told(folders: Path, tmp_path: Path) -> None:
    table = tmp_path / "patients.csv"
    table.write_text("slice;patient\na;p1\nsick/gone.png;p2\n")
    inventory = class_folders(folders, patients=table)
    assert [image.patient for image in inventory.images] == ["p1", None, None, None]
    assert inventory.messages == (
        "1 of the 2 rows of patients.csv name no file here, the first sick/gone.png",
    )
    table.write_text("slice;patient\na;p1\n")
    assert class_folders(folders, patients=table).messages == ()


def test_what_is_unknown_crosses_nothing() -> None:
    known = LabelledImage("a", "sick", "train", "p1")
    assert crossings([known, LabelledImage("b", "sick")]) == ()
    assert crossings([known, LabelledImage("b", "well", "test", "p2")]) == (
        "labels",
        "splits",
        "patients",
    )
