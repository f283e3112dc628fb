"""A split that leaks is refused with its worst offender; one that does not passes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from covidcls.audit.copies import CopyGroup
from covidcls.audit.inventory import LabelledImage
from covidcls.audit.splits import refuse_leaks
from lungseg.errors import UsageError

SPLIT = [
    LabelledImage("a.png", "sick", "train", "1"),
    LabelledImage("b.png", "sick", "train", "1"),
    LabelledImage("c.png", "sick", "test", "2", "paper"),
    LabelledImage("d.png", "well", "train", "3", "paper"),
    LabelledImage("e.png", "well", "test"),
    LabelledImage("f.png", "well", None, "1"),
]


def refusal(images: Sequence[LabelledImage], groups: Sequence[CopyGroup] = ()) -> str:
    with pytest.raises(UsageError) as caught:
        refuse_leaks(images, groups)
    return str(caught.value)


def test_patients_on_one_side_pass_whatever_paper_and_unlisted_files_they_share() -> None:
    refuse_leaks(SPLIT)


def test_the_patient_with_most_images_on_the_other_side_is_named() -> None:
    leaking = [
        *SPLIT,
        LabelledImage("g.png", "well", "val", "3"),
        *(LabelledImage(f"test/{n}.png", "sick", "test", "1") for n in range(2)),
    ]
    said = refusal(leaking)
    assert "patient 1 has images on both sides, 2 in test and 2 in train" in said
    assert "test/0.png (test) and a.png (train), and so have 1 more" in said


def test_a_copy_across_the_split_is_refused_though_patients_are_not() -> None:
    copies = CopyGroup("copies-1", (SPLIT[0], SPLIT[4]), (), ())
    said = refusal(SPLIT, [copies])
    assert "with its copies or other ids has images on both sides, 1 in test and 2 in train" in said


def test_a_paper_is_one_unit_where_no_patient_is_known() -> None:
    split = [
        LabelledImage("a.png", "sick", "train", source="paper"),
        LabelledImage("b.png", "sick", "test", source="paper"),
    ]
    assert "source paper has images on both sides" in refusal(split)
