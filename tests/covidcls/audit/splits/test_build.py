"""A built split holds patients and copies together, is the same for ever, and can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from covidcls.audit.copies import CopyGroup
from covidcls.audit.inventory import LabelledImage, class_folders
from covidcls.audit.persons import Person
from covidcls.audit.splits import build_split, refuse_leaks, write_split
from lungseg.errors import UsageError

IMAGES = [
    LabelledImage(f"{label}/{n}.png", label, "train", f"{label}-{n // 3}")
    for label in ("sick", "well")
    for n in range(60)
]
COPIES = [CopyGroup("copies-1", (IMAGES[0], IMAGES[30], IMAGES[90]), (), ())]


def test_patients_and_copies_are_kept_together_whatever_the_split_before() -> None:
    split = build_split(IMAGES, COPIES)
    refuse_leaks(split.images, COPIES)
    tied = {image.split for image in split.images if image.patient in ("sick-0", "sick-10")}
    assert len(tied) == 1
    counts = split.counts()
    assert counts["train"]["sick"]["images"] == 42
    assert counts["test"]["well"] == {"images": 12, "units": 4, "sources": 0}


def test_two_ids_of_one_person_are_kept_together_whatever_the_seed() -> None:
    person = Person((IMAGES[0], IMAGES[-1]), 0.7)  # the first of the sick, the last of the well
    apart = set()
    for seed in range(5):
        tied, untied = build_split(IMAGES, [person], seed=seed), build_split(IMAGES, [], seed=seed)
        splits = [tied.assignment[image.path] for image in IMAGES]
        assert len({*splits[:3], *splits[-3:]}) == 1
        refuse_leaks(tied.images, [person])
        apart |= {untied.assignment[image.path] for image in person.images}
    assert len(apart) > 1, "the seeds would not have told"


def test_a_seed_gives_the_same_split_for_ever_and_another_seed_another() -> None:
    split = build_split(IMAGES, COPIES, seed=1)
    assert split.sha256 == "0ec8d191f288943456060dea962d58620a619b31cb4b093a3c3a60cdc177b07a"
    assert build_split(IMAGES[::-1], COPIES, seed=1) == split
    assert build_split(IMAGES, COPIES, seed=2).sha256 != split.sha256


def test_what_is_written_is_what_the_audit_reads(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for image in IMAGES:
        (data / image.path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(data / image.path)
    split = build_split(IMAGES, COPIES)
    write_split(split, tmp_path / "split.csv")
    read = class_folders(data, tmp_path / "split.csv")
    assert {image.path: image.split for image in read.images} == split.assignment
    record = json.loads((tmp_path / "split.json").read_text())
    assert record == split.record()
    assert (record["seed"], record["sha256"]) == (0, split.sha256)


def test_shares_that_are_none_are_refused() -> None:
    with pytest.raises(UsageError, match=r"sum to 1, not train 0.7, test 0.2"):
        build_split(IMAGES, [], {"train": 0.7, "test": 0.2})
    with pytest.raises(UsageError, match="above 0"):
        build_split(IMAGES, [], {"train": 1.0, "test": 0.0})


def test_a_class_of_too_few_patients_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no image of sick, which has 2 patients"):
        build_split([*IMAGES[:6], *IMAGES[60:]], [])
