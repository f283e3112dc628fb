"""One person under two patient ids is told; two people, and what is known already, are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.audit.audit import audit_images
from covidcls.audit.copies import Pair, near_pairs
from covidcls.audit.inventory import Inventory, LabelledImage, covid_ct
from covidcls.audit.persons import ALIKE, Person, find_persons
from covidcls.audit.reading import read_files
from covidcls.audit.report import verdicts
from covidcls.audit.traces import TraceStore, trace

A, B, C = (LabelledImage(f"{name}.png", "sick", "train", name) for name in "abc")


def test_slices_of_one_phantom_under_two_ids_are_one_person(
    tmp_path: Path, chests: list[NDArray[np.uint8]]
) -> None:
    images = []
    for number, chest in enumerate(chests):  # two slices of each of three
        images.append(LabelledImage(f"{number}.png", "sick", "train", f"p{number // 2}"))
        Image.fromarray(chest).save(tmp_path / images[-1].path)
    known = audit_images(Inventory(tmp_path, tuple(images)))
    assert [one for one in known.findings if one.kind == "patients_alike"] == []
    images[1] = replace(images[1], patient="p9", split="test")
    audit = audit_images(Inventory(tmp_path, tuple(images)))
    (found,) = (one for one in audit.findings if one.kind == "patients_alike")
    assert (found.file_a, found.file_b) == ("0.png", "1.png")
    assert found.crosses == ("splits", "patients") and audit.needs_look
    assert audit.ties == list(audit.persons), "splits keep both ids on one side"
    (said,) = (one for one in verdicts(audit) if "one person" in one.what)
    assert said.needs_look and said.what.endswith(": 1, 1 across splits or labels")


def test_two_patients_are_one_row_with_their_most_alike_pair() -> None:
    images = [A, replace(A, path="a2.png"), B]
    (person,) = find_persons(images, [Pair(1, 2, 0.7), Pair(0, 2, 0.6)])
    found = person.finding()
    assert (found.file_a, found.file_b, found.similarity) == ("a2.png", "b.png", 0.7)
    assert (found.crosses, found.group) == (("patients",), "patient:a patient:b")
    assert "patient a and patient b" in found.message


def test_one_patient_and_unknown_ones_are_no_two() -> None:
    images = [A, replace(A, path="a2.png"), replace(B, patient=None)]
    assert find_persons(images, [Pair(0, 1, 0.7), Pair(0, 2, 0.7)]) == []


def test_patients_who_share_a_copy_have_its_row_and_no_other() -> None:
    pairs = [Pair(0, 1, 0.7), Pair(0, 1, 0.97), Pair(0, 2, 0.7)]
    assert find_persons([A, B, C], pairs) == [Person((A, C), 0.7)]


@pytest.mark.slow
def test_one_person_has_two_ids_in_a_published_set_and_nobody_else(shared_data: Path) -> None:
    inventory = covid_ct(shared_data / "covid-ct")
    store = TraceStore(len(inventory.images))
    paths = [inventory.root / image.path for image in inventory.images]
    for index, file in enumerate(read_files(paths, trace)):
        assert file.measured is not None
        store[index] = file.measured
    pairs = near_pairs(store, range(len(paths)), least=ALIKE)
    found = [one.finding().group for one in find_persons(inventory.images, pairs)]
    assert found == ["patient:medpix_patient_3 patient:medpix_patient_47"]  # looked at
