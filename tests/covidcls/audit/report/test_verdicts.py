"""The audit in plain words: counts are right, and what needs a look comes first."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from covidcls.audit.audit import Audit
from covidcls.audit.floors.floor import Floor
from covidcls.audit.floors.measure import FloorReport
from covidcls.audit.report import looked_at, record_of, verdicts
from covidcls.audit.splits import SplitComparison
from lungseg.bootstrap import Interval


def test_each_kind_is_counted_and_what_needs_a_look_comes_first(audit: Audit) -> None:
    found = [(verdict.needs_look, verdict.what) for verdict in verdicts(audit)]
    assert [what for look, what in found if look] == [
        "pairs of copies under two labels: 1",
        "pairs of copies on both sides of a split: 1",
        "papers on both sides of a split: 1",
        "files that cannot be decoded: 1",
    ]
    assert found == sorted(found, key=lambda one: not one[0])
    noted = [what for look, what in found if not look]
    for what in (
        "pairs of copies that cross nothing: 1",
        "pairs of copies in all: 2, 1 with the same pixels, in 2 groups",
        "images of unknown patient: 4 of 5",
        "files that are listed and absent: 1",
    ):
        assert what in noted


def test_one_group_of_copies_is_no_groups(audit: Audit) -> None:
    said = [verdict.what for verdict in verdicts(replace(audit, groups=audit.groups[:1]))]
    assert any(what.endswith("in 1 group") for what in said)


def test_what_was_looked_at_is_said_in_one_sentence(audit: Audit) -> None:
    assert looked_at(audit) == (
        "5 images: sick 3, well 2; in train 3, test 2; 1 more are listed and absent"
    )


@pytest.mark.parametrize(("low", "look"), [(0.71, True), (0.69, False)])
def test_a_floor_needs_a_look_when_its_whole_interval_is_beyond_the_limit(
    audit: Audit, low: float, look: bool
) -> None:
    floor = Floor("metadata", "nine facts", Interval(0.8, low, 0.9, 40, 20), tested_on="val")
    of_nothing_else = replace(audit, findings=(), floors=FloorReport((floor,), ()))
    assert of_nothing_else.needs_look == look
    (said,) = (one for one in verdicts(of_nothing_else) if "without looking" in one.what)
    assert said.needs_look == look
    assert f"metadata on val 0.80 ({low:.2f} to 0.90)" in said.what


def test_the_record_is_json_with_every_finding(audit: Audit) -> None:
    record = json.loads(json.dumps(record_of(audit)))
    assert record["counts"]["crosses"] == {"labels": 1, "splits": 2, "patients": 0}
    assert (
        len(record["findings"]) == len(audit.findings) == sum(record["counts"]["findings"].values())
    )
    assert record["copies"][0]["files"] == ["sick/a.png", "well/a.png"]


def test_what_leakage_is_worth_is_said_with_its_interval(audit: Audit) -> None:
    given, grouped, worth = (
        Interval(value, value - 0.02, value + 0.02, 40, 20) for value in (0.9, 0.8, 0.1)
    )
    comparison = SplitComparison(True, "test", 0.4, 0.0, given, grouped, worth, (0.8,), (0,))
    (said,) = (
        one for one in verdicts(replace(audit, comparison=comparison)) if "quick model" in one.what
    )
    assert said.needs_look
    assert "on the published split against grouped ones: AUC +0.100 (+0.080 to +0.120)" in said.what
    assert said.means.startswith("A result on such a split is too good") and said.means[-1] == "."
