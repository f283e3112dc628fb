"""Planted leakage is found and measured, and where there is none the interval holds zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.audit.copies import CopyGroup
from covidcls.audit.inventory import LabelledImage
from covidcls.audit.splits import SplitComparison, compare_splits, glimpse
from lungseg.bootstrap import Interval
from lungseg.errors import UsageError
from lungseg.phantom import display, make_phantom

Glimpses = list[NDArray[np.uint8] | None]
PATIENTS, SLICES = 24, 4


@pytest.fixture(scope="module")
def glimpses() -> Glimpses:
    """Phantoms without lesions: nothing but the patient tells a label that follows the patient."""
    return [
        glimpse(display(make_phantom(z, size=48, seed=patient).hu))
        for patient in range(PATIENTS)
        for z in np.linspace(0.3, 0.7, SLICES)
    ]


def images(split_by: str) -> list[LabelledImage]:
    """The label follows the patient; the fourth of ``patient`` or ``slice`` is tested."""
    return [
        LabelledImage(
            f"{patient}-{slice_}.png",
            "sick" if patient % 2 else "well",
            None
            if split_by == "nothing"
            else "test"
            if (patient // 2 if split_by == "patient" else slice_) % 4 == 1
            else "train",
            str(patient),
        )
        for patient in range(PATIENTS)
        for slice_ in range(SLICES)
    ]


def test_planted_leakage_is_found_with_what_it_was_worth(glimpses: Glimpses) -> None:
    found = compare_splits(images("slice"), glimpses, [], seeds=(0, 1))
    assert found.published and found.leaking == 1
    assert found.worth.low > 0.1
    assert found.given.low > found.grouped.high
    assert found.worth.value == pytest.approx(found.given.value - found.grouped.value)
    assert found.grouped.value == pytest.approx(np.mean(found.of_seeds))
    assert "too good by about so much" in found.finding().message
    assert found.finding().crosses == ("splits",)


def test_without_leakage_the_interval_holds_zero(glimpses: Glimpses) -> None:
    found = compare_splits(images("patient"), glimpses, [], seeds=(0, 1))
    assert found.leaking == 0
    assert found.worth.low < 0 < found.worth.high
    assert (found.given.n, found.given.n_groups) == (24, 6)
    assert "holds zero" in found.finding().message
    assert "neither patient nor paper" not in found.finding().message
    assert found.finding().crosses == ()


def test_without_a_split_one_by_picture_is_compared(glimpses: Glimpses) -> None:
    found = compare_splits(images("nothing"), glimpses, [], seeds=(0, 1))
    assert not found.published and found.leaking > 0.8
    assert found.worth.low > 0.1
    assert "drawn picture by picture" in found.finding().message


def test_copies_leak_as_patients_do(glimpses: Glimpses) -> None:
    alone = [replace(image, patient=None) for image in images("slice")]
    groups = [
        CopyGroup(f"copies-{n}", tuple(alone[n : n + SLICES]), (), ())
        for n in range(0, len(alone), SLICES)
    ]
    found = compare_splits(alone, glimpses, groups, seeds=(0,))
    assert found.leaking == 1
    assert "of 100% of the pictures neither patient nor paper is known" in found.finding().message


def test_pictures_without_a_glimpse_or_a_split_are_left_out(glimpses: Glimpses) -> None:
    listed = images("patient")
    listed[8] = replace(listed[8], split=None)
    unread = [None if index == 9 else seen for index, seen in enumerate(glimpses)]
    found = compare_splits(listed, unread, [], seeds=(0,))
    assert found.given.n == 22


def test_a_part_without_a_class_is_refused(glimpses: Glimpses) -> None:
    listed = [
        replace(image, split="train") if image.label == "sick" else image
        for image in images("patient")
    ]
    with pytest.raises(UsageError, match="test has no image of sick"):
        compare_splits(listed, glimpses, [], seeds=(0,))
    with pytest.raises(UsageError, match="there is a, b"):
        compare_splits(
            [replace(image, split="ab"[n % 2]) for n, image in enumerate(listed)], glimpses, []
        )


def test_each_outcome_has_its_meaning() -> None:
    def meaning(low: float, high: float, leaking: float) -> str:
        worth = Interval((low + high) / 2, low, high, 50, 20)
        auc = Interval(0.8, 0.7, 0.9, 50, 20)
        found = SplitComparison(True, "test", leaking, 0, auc, auc, worth, (0.8,), (0,))
        return found.finding().message

    assert "known from training" in meaning(0.1, 0.3, 0.5)
    assert "patients or copies are unknown" in meaning(0.1, 0.3, 0)
    assert "harder than a grouped one" in meaning(-0.3, -0.1, 0)
    assert "on 20 patients, papers or files, one worth up to 0.100 would not" in meaning(
        -0.1, 0.1, 0
    )
