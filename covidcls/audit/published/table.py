"""The audit of a published table: is it possible, and on what test set?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from covidcls.audit.published.cells import readings
from covidcls.audit.published.implied import implied
from covidcls.audit.published.matrix import Matrix, matching
from covidcls.audit.published.printed import Rounding, Row, read_row
from covidcls.audit.published.sizes import possible_totals, reach, smallest_test_set
from covidcls.audit.published.wording import (
    TableFinding,
    about_apart,
    about_common_set,
    about_contradiction,
    about_cut_digits,
    about_given_set,
    about_matrices,
    about_no_reading,
    about_no_size,
    about_prevalence,
    about_readings,
    about_smallest,
    about_the_input,
    about_totals,
    listed,
)
from lungseg.errors import UsageError

MOST_IMAGES = 5_000_000  # of a given test set, some GB of memory


@dataclass(frozen=True)
class PublishedTable:
    """What a paper prints of one test set.

    Each of ``rows`` has figures as printed, by the names of TITLES and ``auc``; ``cells`` is a
    confusion matrix as printed, of the first row; ``positives`` and ``negatives`` count the images
    of the test set where they are known; ``max_total`` asks for all sizes up to it otherwise, or
    up to where the search ends.
    """

    rows: Sequence[Mapping[str, str]]
    cells: Matrix | None = None
    positives: int | None = None
    negatives: int | None = None
    max_total: int | None = None

    @property
    def sizes(self) -> tuple[int, int] | None:
        """(positives, negatives), or None where they are not known."""
        if self.positives is None or self.negatives is None:
            return None
        return self.positives, self.negatives


def check_table(table: PublishedTable) -> dict[str, Any]:
    """Everything that follows from printed figures, ready for JSON.

    ``rows`` have for each row the figures with their intervals, what they imply, and the matrices
    or test sets that give them; ``cells`` how the printed cells are to be read; ``one_test_set``
    whether all rows fit one; ``findings`` say it in words; ``needs_look`` is whether one is
    suspicious. ``possible`` is None where a search for a test set ended without an answer.

    Digits are taken as rounded to the nearest, halves to either side; where that is suspicious and
    dropped digits are not, they are taken as dropped (``rounding``: ``cut``).

    Raises UsageError for figures out of range, and where nothing follows from what is given.
    """
    _refuse_the_useless(table)
    record = _check(table, "nearest")
    if record["needs_look"]:
        cut = _check(table, "cut")
        if not cut["needs_look"]:
            record = cut
            record["findings"].insert(0, asdict(about_cut_digits()))
    return record


def _refuse_the_useless(table: PublishedTable) -> None:
    if (table.positives is None) != (table.negatives is None):
        raise UsageError("the size of the test set needs both --positives and --negatives")
    if table.sizes is not None and not 0 < sum(table.sizes) <= MOST_IMAGES:
        raise UsageError(f"a test set has 1 to {MOST_IMAGES:,} images, not {sum(table.sizes):,}")
    if table.max_total is not None and (table.sizes is not None or table.cells is not None):
        raise UsageError("--max-total is for a test set of unknown size: leave it out")
    rows = [read_row(texts) for texts in table.rows]
    if table.cells is not None:
        if len(rows) > 1:
            raise UsageError("--tp, --tn, --fp and --fn belong to one row: give only that row")
        if table.sizes is None and not any(rows):
            raise UsageError(
                "nothing follows from four cells alone: add --positives and --negatives of the "
                "test set, or figures that are printed beside them"
            )
        return
    if not rows:
        raise UsageError("no figures: give some, such as --accuracy 87.2 --recall 91.9 --f1 91.5")
    for row, texts in zip(rows, table.rows, strict=True):
        if len(row) < (2 if table.sizes is None else 1):
            raise UsageError(
                f"nothing follows from {' and '.join(texts)} alone: add --positives and "
                "--negatives of the test set, or more figures"
                if row
                else "nothing follows from an AUC alone: add other figures of the row"
            )


def _check(table: PublishedTable, rounding: Rounding) -> dict[str, Any]:
    rows = [read_row(texts, rounding) for texts in table.rows]
    findings: list[TableFinding] = []
    record: dict[str, Any] = {
        "rounding": rounding,
        "positives": table.positives,
        "negatives": table.negatives,
        "rows": [],
        "cells": None,
        "one_test_set": None,
    }
    for number, (row, texts) in enumerate(zip(rows, table.rows, strict=True), 1):
        findings += about_the_input(number, texts)
        if table.cells is None:
            checked, found = _check_row(number, row, table)
            record["rows"].append(checked)
            findings += found
    if table.cells is not None:
        record["cells"], found = _check_cells(table.cells, rows[0] if rows else {}, table.sizes)
        findings += found
    elif len(rows) > 1:
        record["one_test_set"], finding = _check_together(rows, record["rows"], table)
        findings.append(finding)
    record["findings"] = [asdict(finding) for finding in findings]
    record["needs_look"] = any(finding.needs_look for finding in findings)
    return record


def _check_row(
    number: int, row: Row, table: PublishedTable
) -> tuple[dict[str, Any], list[TableFinding]]:
    spans = implied(row)
    checked: dict[str, Any] = {
        "figures": {
            name: {"printed": p.text, "low": float(p.low), "high": float(p.high)}
            for name, p in row.items()
        },
        "implied": {name: span.as_dict() for name, span in spans.items() if name not in row},
    }
    names = listed(map(str, row.values()))
    if not spans:
        checked["possible"] = False
        return checked, [about_no_size(number, names)]
    findings = about_prevalence(number, names, spans["prevalence"], table.sizes)
    if table.sizes is not None:
        found = matching(row, *table.sizes)
        checked["possible"] = found.count > 0
        checked["matrices"] = found.count
        checked["examples"] = [{**asdict(m), **m.figures()} for m in found.examples]
        alone = [str(p) for p in row.values() if not matching({p.name: p}, *table.sizes).count]
        alone = alone if len(row) > 1 else []
        findings.append(about_matrices(number, names, found.count, alone, table.sizes))
        return checked, findings
    furthest = reach([row])
    smallest = smallest_test_set([row], furthest)
    checked["possible"] = True if smallest else None
    checked["searched_up_to"] = furthest
    checked["smallest"] = _sizes_record(smallest)
    findings.append(about_smallest(number, names, smallest, furthest))
    if table.max_total is not None:
        up_to = min(table.max_total, furthest)
        checked["possible_totals"] = possible_totals(row, up_to)
        findings.append(about_totals(number, checked["possible_totals"], up_to))
    return checked, findings


def _check_together(
    rows: Sequence[Row], checked: Sequence[Mapping[str, Any]], table: PublishedTable
) -> tuple[dict[str, Any], TableFinding]:
    """Whether all rows can come from one test set."""
    if table.sizes is not None:
        possible = all(row["possible"] for row in checked)
        return {"possible": possible}, about_given_set(possible, table.sizes)
    spans = [implied(row).get("prevalence") for row in rows]
    known = [span for span in spans if span is not None]
    if len(known) < len(rows) or max(s.low for s in known) > min(s.high for s in known):
        return {"possible": False}, about_apart(spans)
    furthest = reach(rows)
    smallest = smallest_test_set(rows, furthest)
    record = {
        "possible": True if smallest else None,
        "searched_up_to": furthest,
        "smallest": _sizes_record(smallest),
    }
    return record, about_common_set(smallest, furthest)


def _check_cells(
    cells: Matrix, row: Row, sizes: tuple[int, int] | None
) -> tuple[dict[str, Any], list[TableFinding]]:
    found = readings(cells, row, sizes)
    record = {
        "printed": asdict(cells),
        "readings": [
            {**asdict(r.matrix), **r.matrix.figures(), "moved": [list(pair) for pair in r.moved]}
            for r in found
        ],
    }
    if not found:
        assert sizes is not None  # without sizes the cells as printed are a reading
        return record, [about_no_reading(cells, sizes)]
    wrong = [about_contradiction(p, found[0].matrix) for p in found[0].contradicted]
    return record, [about_readings(found, cells, sizes), *wrong]


def _sizes_record(sizes: tuple[int, int] | None) -> dict[str, int] | None:
    return None if sizes is None else {"positives": sizes[0], "negatives": sizes[1]}
