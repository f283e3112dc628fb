"""The quick audit: what stands in two parts or under two labels, give-aways, and the floor of
metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.audit.floors import forest
from covidcls.audit.quick import quick_audit
from covidcls.data.pictures import LabelledPicture, Part

Parts = Mapping[Part, list[LabelledPicture]]
Save = Callable[[str, int, NDArray[np.uint8]], LabelledPicture]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a picture below ``tmp_path``; each is a patient of its own."""

    def write(name: str, label: int, pixels: NDArray[np.uint8]) -> LabelledPicture:
        path = tmp_path / "Images" / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
        return LabelledPicture(path, label, f"file:{name}")

    return write


@pytest.fixture
def noise() -> Callable[[], NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return lambda: rng.integers(0, 256, (16, 12), np.uint8)


def test_copies_within_a_part_and_class_are_left_out(
    save: Save, noise: Callable[[], NDArray[np.uint8]], tmp_path: Path
) -> None:
    one, two = noise(), noise()
    parts: Parts = {
        "train": [save("a.png", 1, one), save("b.png", 1, one), save("c.png", 1, two)],
        "val": [save("d.bmp", 0, two)],
    }
    (found,) = quick_audit(tmp_path, parts).findings
    assert (found.kind, found.crosses) == ("exact_copy", ("labels", "splits"))
    assert (found.file_a, found.file_b) == ("Images/c.png", "Images/d.bmp")


def test_a_patient_and_a_paper_in_two_parts_are_told(
    save: Save, noise: Callable[[], NDArray[np.uint8]], tmp_path: Path
) -> None:
    names = ("a.png", "2020.1-p1-1.png", "b.png", "2020.1-p2-1.png")
    a, page_1, b, page_2 = (save(name, 1, noise()) for name in names)
    parts: Parts = {
        "train": [replace(a, patient="p1"), page_1],
        "val": [replace(b, patient="p1"), page_2],
    }
    found = quick_audit(tmp_path, parts).findings
    assert [(f.kind, f.crosses, f.file_a, f.file_b) for f in found] == [
        ("patient_in_two_places", ("splits",), "Images/a.png", "Images/b.png"),
        ("source_in_two_places", ("splits",), f"Images/{names[1]}", f"Images/{names[3]}"),
    ]


def test_a_class_saved_in_colour_is_told_with_its_floor(
    save: Save,
    noise: Callable[[], NDArray[np.uint8]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forest, "_TREES", 20)  # for speed
    parts: dict[Part, list[LabelledPicture]] = {"train": [], "val": []}
    for n in range(44):
        label, grey = n % 2, noise()
        pixels = np.dstack([grey] * 3) if label else grey
        parts["train" if n < 24 else "val"].append(save(f"{n}.png", label, pixels))
    audit = quick_audit(tmp_path, parts)
    assert {f.group for f in audit.findings} == {"mode RGB", "mode L"}
    assert [floor.tested_on for floor in audit.floors.floors] == [None, "val"]
    assert all(floor.auc.value == 1 for floor in audit.floors.floors)
    record = audit.as_dict()
    assert record["findings"] == {"one_class_only": 2}
    assert record["floors"][1]["auc"]["n"] == 20


def test_slices_of_one_paper_are_one_unit(
    save: Save, noise: Callable[[], NDArray[np.uint8]], tmp_path: Path
) -> None:
    pictures = [save(f"2020.1-p{n}-1.png", n % 2, noise()) for n in range(40)]
    parts: Parts = {"train": [LabelledPicture(p.path, p.label, "paper:2020.1") for p in pictures]}
    assert "has 1 independent" in quick_audit(tmp_path, parts).floors.unmeasured[0]
