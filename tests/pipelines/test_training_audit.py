"""What a training says of its data, on lines for a terminal."""

from __future__ import annotations

from covidcls.audit.findings import Finding
from covidcls.audit.floors.floor import Floor
from covidcls.audit.floors.measure import FloorReport
from covidcls.audit.quick import QuickAudit
from lungseg.bootstrap import Interval
from pipelines.training_audit import before_training, beside_result

AUC = Interval(0.86, 0.74, 0.95, 118, 56)
FLOOR = Floor("metadata", "nine facts of the file", AUC, tested_on="val")


def test_findings_floors_and_what_was_not_measured_are_told() -> None:
    copy = Finding("exact_copy", "the same pixels", ("splits",), "a\n.png", "b.png")
    report = FloorReport((FLOOR,), ("no floor by cross-validation: too few",))
    lines = before_training(QuickAudit((copy,), report))
    assert lines[0] == "look   a .png and b.png: the same pixels"  # a name cannot break a line
    assert any("AUC 0.86 (0.74 to 0.95) on val" in line for line in lines)
    assert lines[-1] == "floor  no floor by cross-validation: too few"
    assert max(map(len, lines)) <= 100


def test_hundreds_of_findings_are_counted() -> None:
    copies = tuple(Finding("exact_copy", "the same pixels", file_a=f"{n}") for n in range(300))
    lines = before_training(QuickAudit(copies, FloorReport((), ())))
    assert len(lines) == 9
    assert "292 more; python -m pipelines.audit" in lines[-1]


def test_the_floors_stand_below_the_result() -> None:
    figure = {"value": 0.9, "low": 0.8, "high": 0.95}
    card = {
        "name": "net",
        "figures": {"val": {"auc": figure, "recall": figure}},
        "floor": {"value": 0.77, "low": 0.62, "high": 0.89},
        "training": {"audit": {"floors": [FLOOR.as_dict()]}},
    }
    assert beside_result(card) == [
        "net, val                     AUC 0.900 (0.800 to 0.950)",
        "floor without lungs, val     AUC 0.770 (0.620 to 0.890)",
        "floor of file metadata, val  AUC 0.860 (0.740 to 0.950)",
    ]


def test_each_of_several_data_sets_has_its_own_floor_below_its_own_result() -> None:
    figure = {"value": 0.9, "low": 0.8, "high": 0.95}
    home, floor = ({**figure, "value": value} for value in (0.85, 0.86))
    card = {
        "name": "net",
        "figures": {"val": {"auc": figure}},
        "figures_by_source": {"val": {"home": {"auc": home}, "mean_auc": 0.85}},
        "floor": figure,
        "floor_by_source": {"home": floor},
        "training": {"audit": {"floors": []}},
    }
    assert beside_result(card)[2:] == [
        "net, home                  AUC 0.850 (0.800 to 0.950)",
        "floor without lungs, home  AUC 0.860 (0.800 to 0.950)",
    ]
