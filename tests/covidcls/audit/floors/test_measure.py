"""Floors find what is planted, by independent unit, and nothing where there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.audit.file_facts import FileFacts, file_facts
from covidcls.audit.floors.features import Features
from covidcls.audit.floors.floor import Floor, above
from covidcls.audit.floors.looks import look_features, looks_of
from covidcls.audit.floors.measure import FloorReport, measure_floors
from covidcls.audit.floors.metadata import metadata_features
from covidcls.audit.inventory import LabelledImage, covid_ct

Grey = NDArray[np.uint8]
Images = list[LabelledImage]


def measured(images: Images, *features: Features) -> FloorReport:
    return measure_floors(images, [image.unit for image in images], features)


def one_number(values: Sequence[float]) -> Features:
    return Features("one", "one number", np.array(values, np.float32)[:, None])


def facts(mode: str, width: int) -> FileFacts:
    return FileFacts(".png", 50 * width, "PNG", "PNG", True, width, 100, mode, None, 0)


def test_a_class_saved_as_rgba_is_known_from_metadata_until_neutral_decoding(
    sixty: Images, smooth_pictures: Callable[[int], list[Grey]]
) -> None:
    widths = np.random.default_rng(0).integers(100, 200, 60)
    values = [
        facts("RGBA" if image.label == "sick" else "RGB", int(width))
        for image, width in zip(sixty, widths, strict=True)
    ]
    looks = [looks_of(grey) for grey in smooth_pictures(60)]
    found = measured(sixty, metadata_features(values), *look_features(looks)).floors
    assert [(f.name, f.neutral) for f in found if above(f)] == [("metadata", False)]
    assert found[0].auc.value > 0.99
    assert len(found) == 8


def test_a_bright_corner_pixel_of_one_class_is_found(
    sixty: Images, smooth_pictures: Callable[[int], list[Grey]]
) -> None:
    pictures = smooth_pictures(60)
    for image, grey in zip(sixty, pictures, strict=True):
        grey[0, -1] = 255 if image.label == "sick" else grey[0, -1] // 2
    found = measured(sixty, *look_features([looks_of(grey) for grey in pictures])).floors
    assert ("statistics", False) in {(f.name, f.neutral) for f in found if above(f)}


def test_slices_of_one_patient_are_in_one_fold_and_count_once() -> None:
    rng = np.random.default_rng(0)
    sick = rng.permutation([True] * 12 + [False] * 12)
    images = [
        LabelledImage(f"{p}-{n}.png", "sick" if sick[p] else "well", patient=f"p{p}")
        for p in range(24)
        for n in range(5)
    ]
    (floor,) = measured(images, one_number([float(i // 5) for i in range(120)])).floors
    assert floor.auc.value < 0.7  # the number names the patient: 1 where slices of one are seen
    assert (floor.auc.n, floor.auc.n_groups) == (120, 24)


def test_each_split_is_tested_with_what_train_taught() -> None:
    images = [
        LabelledImage(f"{split}-{label}-{n}.png", label, split)
        for split in ("train", "val", "test")
        for label in ("sick", "well")
        for n in range(20)
    ]
    turned = {"train": 1, "val": 1, "test": -1}  # the shortcut of train says the opposite in test
    values = [turned[str(i.split)] * (1 if i.label == "sick" else -1) for i in images]
    found = {floor.tested_on: floor.auc for floor in measured(images, one_number(values)).floors}
    assert (found["val"].value, found["test"].value) == (1, 0)
    assert (found["val"].n, found["test"].n_groups) == (40, 40)
    assert found[None].n == 120


def test_more_than_two_classes_are_each_asked_against_the_rest() -> None:
    images = [LabelledImage(f"{c}{n}.png", c) for c in ("a", "b", "c") for n in range(15)]
    known = [0.0] * 15 + [1.0] * 30  # a is known, b and c are one to the other
    (floor,) = measured(images, one_number(known)).floors
    assert 0.75 < floor.auc.value < 0.92  # 1 for a, about 0.75 for b and c


@pytest.mark.parametrize(
    ("split", "units", "words"),
    [
        (None, 9, "no floor by cross-validation: sick has 9 independent patients"),
        ("train", 9, "no floor by cross-validation: sick has 9"),
        ("val", 30, "no floor on val: no image is in a split named train"),
    ],
)
def test_too_few_units_give_a_sentence_and_no_figure(
    sixty: Images, split: str | None, units: int, words: str
) -> None:
    images = [
        LabelledImage(i.path, i.label, split, f"{i.label}{n % units}") for n, i in enumerate(sixty)
    ]
    report = measured(images, one_number([0.0] * 60))
    assert words in report.unmeasured[-1]
    assert bool(report.floors) == (units == 30)


def test_a_small_validation_list_is_not_tested_on(sixty: Images) -> None:
    images = [
        LabelledImage(i.path, i.label, "val" if n % 30 < 9 else "train")
        for n, i in enumerate(sixty)
    ]
    report = measured(images, one_number([0.0] * 60))
    assert [floor.tested_on for floor in report.floors] == [None]
    assert "no floor on val: sick has 9" in report.unmeasured[0]


def test_one_class_alone_is_told() -> None:
    images = [LabelledImage(f"{n}.png", "sick") for n in range(30)]
    report = measured(images, one_number([0.0] * 30))
    assert report == FloorReport((), ("no floor by cross-validation: there are not two classes",))


def test_the_same_seed_gives_the_same_floor_with_any_number_of_workers(sixty: Images) -> None:
    values = one_number(np.random.default_rng(0).normal(size=60).tolist())
    units = [image.unit for image in sixty]
    one = measure_floors(sixty, units, [values], seed=1)
    assert measure_floors(sixty, units, [values], seed=1, workers=2) == one
    assert measure_floors(sixty, units, [values], seed=2) != one


def test_metadata_of_covid_ct_give_its_classes_away(shared_data: Path) -> None:
    inventory = covid_ct(shared_data / "covid-ct")
    values = metadata_features([file_facts(inventory.root / i.path) for i in inventory.images])
    found: dict[str | None, Floor] = {
        floor.tested_on: floor for floor in measured(list(inventory.images), values).floors
    }
    assert found[None].auc.low > 0.95
    assert found["val"].auc.value > 0.7
