"""A floor says what it means, and is above the limit with its whole interval only."""

from __future__ import annotations

from covidcls.audit.floors.floor import Floor, above, floor_findings
from lungseg.bootstrap import Interval

HIGH = Interval(0.98, 0.95, 0.99, 425, 200)
UNSURE = Interval(0.9, 0.69, 0.99, 60, 12)


def test_the_lower_end_decides() -> None:
    high, unsure = Floor("tiny", "8 x 8 pixels", HIGH), Floor("tiny", "8 x 8 pixels", UNSURE)
    assert (above(high), above(unsure)) == (True, False)
    assert len(floor_findings([high, unsure])) == 1


def test_a_finding_says_what_was_seen_and_what_a_figure_is_worth() -> None:
    floor = Floor("metadata", "nine facts", HIGH, tested_on="val")
    (finding,) = floor_findings([floor])
    assert (finding.kind, finding.group, finding.crosses) == ("shortcut_floor", "metadata val", ())
    for words in (
        "a forest that saw nine facts has AUC 0.98 (0.95 to 0.99) on val, from train",
        "425 images, 200 patients, papers or files taken",
        "shows nothing about the disease; print it",
    ):
        assert words in finding.message


def test_after_neutral_decoding_another_cure_is_told_and_the_caveat() -> None:
    floor = Floor("tiny", "8 x 8 pixels", HIGH, neutral=True, caveat="a large lesion shows")
    message = floor.finding().message
    assert "8 x 8 pixels after neutral decoding has AUC" in message
    assert "cross-validated by unit" in message
    assert "(a large lesion shows, so a part may be disease); decoding all files alike" in message


def test_a_report_holds_the_interval_and_the_verdict() -> None:
    found = Floor("frame", "the frame", HIGH).as_dict()
    assert found["auc"]["n_groups"] == 200
    assert (found["tested_on"], found["above_limit"]) == (None, True)
