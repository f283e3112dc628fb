"""Tables have what differs, say what they leave out, and group what is said of many files."""

from __future__ import annotations

from dataclasses import replace

from covidcls.audit.audit import Audit
from covidcls.audit.findings import Finding
from covidcls.audit.report.tables import distribution_tables, faulty_files, split_table


def test_splits_are_counted_with_their_absent_files(audit: Audit) -> None:
    rows = {row[:2]: row[2:] for row in split_table(audit).rows}
    assert rows["test", "sick"] == ("1", "0", "1", "1", "unknown")
    assert rows["train", "sick"] == ("3", "1", "2", "1", "1, 1, 1")


def test_a_fact_that_all_files_share_has_no_table(audit: Audit) -> None:
    tables = {
        "mode": {"sick": {"L": 3}, "well": {"L": 2}},
        "format": {"sick": {"PNG": 2, "JPEG": 1}, "well": {"PNG": 2}},
        "width": {"sick": {"least": 8.0, "most": 8.0}, "well": {"least": 8.0, "most": 8.0}},
        "aspect": {"sick": {"least": 0.75, "most": 2.0}, "well": {}},
    }
    found = distribution_tables(replace(audit, distributions=tables))
    assert [(table.caption, table.rows) for table in found] == [
        ("format", (("PNG", "2", "2"), ("JPEG", "1", "0"))),
        ("aspect", (("least", "0.75", "-"), ("most", "2", "-"))),
    ]


def test_rare_values_are_counted_and_not_shown(audit: Audit) -> None:
    sizes = {f"{n} x 9": float(20 - n) for n in range(12)}
    (table,) = distribution_tables(replace(audit, distributions={"size": {"sick": sizes}}))
    assert len(table.rows) == 8 and table.rows[0] == ("0 x 9", "20")
    assert table.note.startswith("4 rarer values")


def test_what_is_said_of_many_files_is_said_once(audit: Audit) -> None:
    findings = tuple(Finding("absent", "gone", file_a=f"{n:02d}.png") for n in range(30))
    (kind,) = faulty_files(replace(audit, findings=findings))
    (said,) = kind.lists
    assert (kind.n, said.message, said.n, len(said.files)) == (30, "gone", 30, 20)
