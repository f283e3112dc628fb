"""Splits by patient with a hash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungseg.data.split import PatientSplit, read_split
from lungseg.errors import UsageError

PAIRS = [("s1", "a"), ("s2", "a"), ("s3", "b"), ("s4", "c")]


def fixed() -> PatientSplit:
    open_ended = PatientSplit("set", frozenset("b"), frozenset("c"), "")
    return PatientSplit("set", frozenset("b"), frozenset("c"), open_ended.hash_of(PAIRS))


def test_the_parts() -> None:
    assert [fixed().part(patient) for _, patient in PAIRS] == ["train", "train", "val", "test"]


@given(st.permutations(PAIRS))
def test_the_order_of_the_slices_does_not_matter(pairs: list[tuple[str, str]]) -> None:
    fixed().check(pairs)


@pytest.mark.parametrize(
    "pairs",
    [[*PAIRS, ("s5", "a")], [("s1", "b"), *PAIRS[1:]], [("s9", "a"), *PAIRS[1:]]],
)
def test_other_data_are_refused_with_both_hashes(pairs: list[tuple[str, str]]) -> None:
    new = fixed().hash_of(pairs)  # what a new file needs
    with pytest.raises(UsageError, match=f'\'set\'.*{fixed().sha256[:12]}.*"sha256": "{new}"'):
        fixed().check(pairs)


def test_a_patient_whom_no_slice_is_of_is_refused_before_a_hash_is_offered() -> None:
    """Misspelt, it would be trained on."""
    split = PatientSplit("set", frozenset("b"), frozenset("C"), "")
    with pytest.raises(UsageError, match=r"holds back patients that no slice is of \(C\); there"):
        split.check(PAIRS)


def test_a_file_gives_the_split(tmp_path: Path) -> None:
    content = {"data": "set", "val": ["b"], "test": ["c"], "sha256": fixed().sha256}
    (tmp_path / "split.json").write_text(json.dumps(content))
    assert read_split(tmp_path / "split.json") == fixed()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"data": "set", "val": 3}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "split.json").write_text(text)
    with pytest.raises(UsageError, match=r"split\.json"):
        read_split(tmp_path / "split.json")
    with pytest.raises(UsageError, match=r"missing\.json"):
        read_split(tmp_path / "missing.json")


def test_the_shipped_split_is_that_of_the_real_data(repository: Path, shared_data: Path) -> None:
    import csv

    split = read_split(repository / "configs" / "splits" / "lung-masks.json")
    with (shared_data / "lung-masks" / "slices.csv").open(newline="") as file:
        pairs = [(row["slice"], row["patient"]) for row in csv.DictReader(file)]
    split.check(pairs)
    assert {split.part(patient) for _, patient in pairs} == {"train", "val", "test"}
    assert not split.val & split.test
