"""Classes and parts of a split are told apart by folders, and what may be either is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from covidcls.data.class_folders import ClassFolders, Part, find_class_folders
from lungseg.errors import UsageError

Told = set[tuple[str, Part | None]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "set"


def fill(root: Path, *files: str) -> ClassFolders:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"")  # an input by its name
    return find_class_folders(root)


def told(found: ClassFolders) -> Told:
    return {(found.label_of(path), found.part_of(path)) for path in found.files}


def test_files_of_a_class_lie_at_any_depth_and_other_files_in_none(root: Path) -> None:
    found = fill(root, "sick/a.png", "sick/p1/day 2/b.png", "well/train/c.png", "cover.png")
    assert found.files == ("sick/a.png", "sick/p1/day 2/b.png", "well/train/c.png")
    assert told(found) == {("sick", None), ("well", None)}
    assert found.label_of("gone.png") == ""


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("train", "val", "test"), {"train", "val", "test"}),
        (("Train", "TEST"), {"train", "test"}),
        (("training", "valid"), {"train", "val"}),
        (("validation", "testing"), {"val", "test"}),
        (("train",), {"train"}),
    ],
)
def test_parts_above_the_classes_are_read_whichever_are_there(
    root: Path, names: tuple[str, ...], parts: set[Part]
) -> None:
    files = [f"{name}/{label}" for name in names for label in ("sick/a.png", "well/p1/b.png")]
    assert told(fill(root, *files)) == {
        (label, part) for label in ("sick", "well") for part in parts
    }


def test_a_class_may_be_missing_from_a_part(root: Path) -> None:
    found = fill(root, "train/sick/a.png", "train/well/a.png", "test/sick/a.png")
    assert ("sick", "test") in told(found) and ("well", "test") not in told(found)


def test_a_class_may_have_the_name_of_a_part(root: Path) -> None:
    assert told(fill(root / "flat", "train/a.png", "bus/a.png")) == {("train", None), ("bus", None)}
    files = [f"{part}/{label}/a.png" for part in ("train", "test") for label in ("train", "bus")]
    assert told(fill(root / "divided", *files)) == {
        (label, part) for label in ("train", "bus") for part in ("train", "test")
    }


def test_hidden_folders_and_those_of_archives_are_no_classes(root: Path) -> None:
    left = ["__MACOSX/train/sick/._a.png", ".ipynb_checkpoints/a.png", "train/__MACOSX/._a.png"]
    found = fill(root, "train/sick/a.png", "train/well/a.png", "train/.cache/a.png", *left)
    assert told(found) == {("sick", "train"), ("well", "train")}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["train/a/1.png", "train/b/1.png", "test/1.png"], "1 files of .*test lie in no folder"),
        (["train/1.png", "test/2.png"], "1 files of .* lie in no folder of a class, such as 2.png"),
        (["train/a/1.png", "test/a/1.png", "masks/1.png"], "test, train, .* beside masks: take"),
        (["train/a/1.png", "test/a/1.png"], "found test, train, with a below"),
        (["only/1.png"], "found only"),
        (["cover.png"], "found none"),
        (["Data-split/a/1.png", "Images-processed/b/1.png"], "choose the layout covid-ct"),
        (["train/a/1.png", "train/b/notes.txt"], "train/b has no input"),
    ],
)
def test_what_has_no_classes_is_refused(root: Path, files: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        fill(root, *files)
