"""Findings come in the order in which they matter, and as rows."""

from __future__ import annotations

from covidcls.audit.findings import COLUMNS, Finding, in_order


def test_what_crosses_labels_comes_first_then_splits_then_patients() -> None:
    findings = [
        Finding("unreadable", "", file_a="a.png"),
        Finding("near_copy", "", ("patients",)),
        Finding("near_copy", "", ("splits", "patients")),
        Finding("near_copy", "", ("labels",)),
        Finding("absent", "", file_a="b.png"),
    ]
    assert [(f.kind, f.crosses) for f in in_order(reversed(findings))] == [
        ("near_copy", ("labels",)),
        ("near_copy", ("splits", "patients")),
        ("near_copy", ("patients",)),
        ("absent", ()),
        ("unreadable", ()),
    ]


def test_a_row_has_a_cell_for_each_column() -> None:
    finding = Finding("near_copy", "why", ("labels", "splits"), "a", "b", 0.98765, "copies-1")
    row = dict(zip(COLUMNS, finding.cells(), strict=True))
    assert row["crosses"] == "labels splits"
    assert row["similarity"] == "0.988"
    assert (row["file_a"], row["file_b"], row["group"]) == ("a", "b", "copies-1")
    assert Finding("absent", "why").cells() == ("absent", "", "", "", "", "", "why")
