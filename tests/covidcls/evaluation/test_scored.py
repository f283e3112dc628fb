"""What slices are grouped by, and who of the groups is a patient."""

from __future__ import annotations

import pytest

from covidcls.evaluation.report import metrics
from covidcls.evaluation.scored import Scored, clusters_of


@pytest.mark.parametrize(
    ("patients", "expected"),
    [
        (["ann"] + [f"file:{n}.png" for n in range(99)], "image"),
        (["ann", "bob", "file:1.png"], "patient"),
        (["ann", "paper:1", "paper:1", "file:1.png"], "paper"),
        (["ann", "file:1.png"], "patient"),
    ],
)
def test_groups_are_called_what_most_slices_are_of(patients: list[str], expected: str) -> None:
    assert clusters_of(patients) == expected


def test_files_and_papers_are_no_patients(scored: Scored) -> None:
    groups = ("ann", "ann", "bob", "paper:1", *(f"file:{n}" for n in range(146)))
    few = Scored(scored.labels, scored.probabilities, groups, clusters_of(groups))
    found = metrics(few, 0.5)
    assert (found["n_patients"], found["n_groups"], found["clustered_by"]) == (2, 149, "image")
