"""Copies are found whatever was done to them, and neighbours are not called copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.audit.copies import (
    Pair,
    copy_findings,
    copy_groups,
    exact_pairs,
    find_copies,
    near_pairs,
)
from covidcls.audit.inventory import LabelledImage, covid_ct
from covidcls.audit.reading import read_file
from covidcls.audit.same_picture import SAME, similarity
from covidcls.audit.traces import TraceStore, trace

Grey = NDArray[np.uint8]
Changes = Mapping[str, Callable[[Grey], Grey]]


def stored(pictures: Sequence[Grey]) -> TraceStore:
    store = TraceStore(len(pictures))
    for index, picture in enumerate(pictures):
        store[index] = trace(picture)
    return store


def planted(originals: Sequence[Grey], changes: Changes) -> tuple[list[Grey], list[int]]:
    """The originals and all their copies, and of which original each is."""
    pictures, of = list(originals), list(range(len(originals)))
    for index, original in enumerate(originals):
        pictures += [change(original) for change in changes.values()]
        of += [index] * len(changes)
    return pictures, of


def test_planted_copies_of_phantoms_are_found_and_nothing_else(
    chests: list[Grey], changes: Changes
) -> None:
    pictures, of = planted(chests, changes)
    pairs = near_pairs(stored(pictures), range(len(pictures)))
    assert [(p.a, p.b) for p in pairs if of[p.a] != of[p.b]] == []
    found = {p.b for p in pairs if p.a < len(chests)}
    assert found == set(range(len(chests), len(pictures)))
    assert all(pair.mirrored == (pair.b % len(changes) == 3) for pair in pairs if pair.a < 6)


@pytest.mark.slow
def test_planted_copies_of_real_slices_are_found_and_no_false_pair(
    shared_data: Path, changes: Changes
) -> None:
    inventory = covid_ct(shared_data / "covid-ct")
    originals = [
        file.measured
        for image in inventory.images
        if (file := read_file(inventory.root / image.path, lambda grey: grey)).measured is not None
    ]
    pictures, of = planted(originals[::4], changes)
    known = near_pairs(stored(originals), range(len(originals)))
    assert len(known) == 8  # looked at: they are one picture each
    alike = {(pair.a, pair.b) for pair in known}
    pairs = near_pairs(stored(pictures), range(len(pictures)))
    others = {(4 * of[p.a], 4 * of[p.b]) for p in pairs if of[p.a] != of[p.b]}
    assert others <= alike | {(b, a) for a, b in alike}
    n = len(originals[::4])
    found = {pair.b for pair in pairs if pair.a < n and of[pair.a] == of[pair.b]}
    assert len(found) >= 0.95 * (len(pictures) - n)


def test_planted_copies_of_a_few_real_slices_are_found(shared_data: Path, changes: Changes) -> None:
    inventory = covid_ct(shared_data / "covid-ct")
    files = (read_file(inventory.root / i.path, lambda g: g) for i in inventory.images[::50])
    originals = [file.measured for file in files if file.measured is not None]
    pictures, of = planted(originals, changes)
    pairs = near_pairs(stored(pictures), range(len(pictures)))
    assert all(of[pair.a] == of[pair.b] for pair in pairs)
    found = {pair.b for pair in pairs if pair.a < len(originals)}
    assert len(found) >= 0.95 * (len(pictures) - len(originals))


def test_the_same_level_of_two_patients_scores_low(chests: list[Grey]) -> None:
    first, second = trace(chests[0]), trace(chests[2])
    assert similarity(first.square, second.square, 224) < 0.5


def test_neighbouring_slices_stay_below_the_line(chests: list[Grey]) -> None:
    slice_, next_ = trace(chests[0]), trace(chests[1])
    assert similarity(slice_.square, next_.square, 224) < SAME - 0.01


def test_a_picture_without_structure_is_like_no_other() -> None:
    flat = np.full((256, 256), 90, np.uint8)
    assert similarity(flat, flat, 256) == 0
    assert similarity(flat, np.arange(256, dtype=np.uint8) + flat * 0, 256) == 0


def test_more_copies_than_are_looked_at_for_one_picture_are_one_group(chests: list[Grey]) -> None:
    rng = np.random.default_rng(0)
    noisy = [
        np.clip(chests[0] + rng.normal(0, 2, chests[0].shape), 0, 255).astype(np.uint8)
        for _ in range(12)
    ]
    images = [LabelledImage(f"{index}.png", "a") for index in range(12)]
    pairs = find_copies([str(index) for index in range(12)], stored(noisy))
    assert [len(group.images) for group in copy_groups(images, pairs)] == [12]


def test_exact_copies_are_paired_with_the_first_and_unreadable_files_with_none() -> None:
    pairs = exact_pairs(["x", None, "y", "x", None, "x"])
    assert [(pair.a, pair.b) for pair in pairs] == [(0, 3), (0, 5)]
    assert all(pair.exact and pair.similarity == 1 for pair in pairs)


def test_a_near_copy_joins_the_group_of_exact_copies(chests: list[Grey], changes: Changes) -> None:
    pictures = [chests[0], chests[0], chests[2], changes["jpeg"](chests[0])]
    pairs = find_copies(["x", "x", "y", "z"], stored(pictures))
    assert [(pair.a, pair.b, pair.exact) for pair in pairs] == [(0, 1, True), (0, 3, False)]


def test_groups_are_marked_by_what_they_cross_as_a_whole() -> None:
    images = [
        LabelledImage("a.png", "sick", "train", "p1"),
        LabelledImage("b.png", "sick", "train"),
        LabelledImage("c.png", "healthy", "train", "p2"),
        LabelledImage("d.png", "healthy", "test"),
        LabelledImage("e.png", "healthy", "train"),
    ]
    chain, single = copy_groups(images, [Pair(0, 1, 0.98), Pair(1, 2, 0.97), Pair(3, 4, 0.99)])
    assert [image.path for image in chain.images] == ["a.png", "b.png", "c.png"]
    assert chain.crosses == ("labels", "patients")  # though no pair has two known patients
    assert single.crosses == ("splits",)


def test_findings_say_what_a_pair_means() -> None:
    images = [
        LabelledImage("a.png", "sick", "train"),
        LabelledImage("b.png", "healthy", "test"),
        LabelledImage("c.png", "healthy", "test"),
    ]
    groups = copy_groups(images, [Pair(0, 1, 0.98, mirrored=True), Pair(1, 2, exact=True)])
    across, within = copy_findings(images, groups)
    assert (across.kind, across.crosses) == ("near_copy", ("labels", "splits"))
    assert (across.file_a, across.file_b, across.similarity) == ("a.png", "b.png", 0.98)
    for words in ("mirrored", "labelled sick and healthy", "in train and in test"):
        assert words in across.message
    assert (within.kind, within.crosses, within.group) == ("exact_copy", (), across.group)
    assert "counts twice" in within.message
