"""Who stands on both sides of a split, and how many patients there really are."""

from __future__ import annotations

from pathlib import Path

from covidcls.audit.inventory import LabelledImage, covid_ct
from covidcls.audit.patients import patient_findings, split_counts

IMAGES = [
    LabelledImage("a1", "sick", "train", "a", "paper 1"),
    LabelledImage("a2", "sick", "train", "a", "paper 1"),
    LabelledImage("a3", "sick", "test", "a", "paper 2"),
    LabelledImage("b1", "sick", "train", "b", "paper 2"),
    LabelledImage("c1", "well", "train", "c"),
    LabelledImage("c2", "sick", "train", "c"),
    LabelledImage("d1", "well", "train", None, "paper 3"),
    LabelledImage("d2", "well", None, None, "paper 3"),
]


def test_patients_on_both_sides_are_found_with_how_many_slices_are_where() -> None:
    found = {finding.group: finding for finding in patient_findings(IMAGES)}
    assert set(found) == {"patient:a", "patient:c", "source:paper 2"}
    across = found["patient:a"]
    assert (across.crosses, across.file_a, across.file_b) == (("splits",), "a1", "a3")
    assert "1 in test, 2 in train" in across.message
    assert found["patient:c"].crosses == ("labels",)
    assert "labelled sick and well" in found["patient:c"].message


def test_papers_that_straddle_splits_are_found_though_their_patients_do_not() -> None:
    (paper,) = (f for f in patient_findings(IMAGES) if f.group == "source:paper 2")
    assert paper.crosses == ("splits",)
    assert (paper.kind, paper.file_a, paper.file_b) == ("source_in_two_places", "a3", "b1")


def test_patients_are_counted_by_split_and_class() -> None:
    counts = {(count.split, count.label): count for count in split_counts(IMAGES)}
    train = counts["train", "sick"]
    assert (train.images, train.patients, train.without_patient, train.sources) == (4, 3, 0, 2)
    assert train.slices == (1, 1, 2)
    assert counts[None, "well"].slices is None
    assert counts["train", "well"].without_patient == 1


def test_the_official_split_is_clean_by_patient_but_not_by_paper(shared_data: Path) -> None:
    inventory = covid_ct(shared_data / "covid-ct")
    everything = [*inventory.images, *inventory.absent]
    assert len(everything) == 746
    found = patient_findings(everything)
    assert {finding.group for finding in found} == {
        "source:2020.03.12.20034686",
        "source:2020.03.13.20035212",
        "source:2020.03.22.20040782",
    }
    counts = {(count.split, count.label): count.patients for count in split_counts(everything)}
    assert (counts["train", "COVID"], counts["val", "COVID"]) == (128, 32)
