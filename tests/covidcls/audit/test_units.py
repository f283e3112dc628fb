"""Images that copies tie together are one unit, whatever the order."""

from __future__ import annotations

from covidcls.audit.copies import CopyGroup
from covidcls.audit.inventory import LabelledImage
from covidcls.audit.units import independent_units

IMAGES = [
    LabelledImage("a.png", "sick", patient="2"),
    LabelledImage("b.png", "sick", patient="2"),
    LabelledImage("c.png", "sick", patient="1", source="paper"),
    LabelledImage("d.png", "well", source="paper"),
    LabelledImage("e.png", "well"),
]


def copies(*indices: int) -> CopyGroup:
    return CopyGroup("copies-1", tuple(IMAGES[index] for index in indices), (), ())


def test_without_copies_units_are_patients_else_papers_else_files() -> None:
    assert independent_units(IMAGES, []) == [image.unit for image in IMAGES]


def test_copies_merge_whole_patients_by_chains_in_any_order() -> None:
    merged = ["file:e.png", "file:e.png", "file:e.png", "source:paper", "file:e.png"]
    groups = [copies(1, 4), copies(4, 2)]
    assert independent_units(IMAGES, groups) == merged
    assert independent_units(IMAGES[::-1], groups[::-1]) == merged[::-1]


def test_a_copy_outside_the_images_still_ties_those_inside() -> None:
    units = independent_units(IMAGES[:3], [copies(0, 4), copies(4, 2)])
    assert len(set(units)) == 1
