"""The audit of a published table: what it finds, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covidcls.audit.published import Matrix, PublishedTable, check_table
from covidcls.audit.published.printed import TITLES
from lungseg.errors import UsageError

PAPER = {"accuracy": "87.2", "recall": "91.9", "f1": "91.5"}
WITHOUT_CROP = {"accuracy": "83.5", "recall": "83.7", "f1": "88.7"}
VGG_19 = Matrix(tp=72, tn=83, fp=33, fn=15)


def kinds(record: dict[str, Any], needs_look: bool = True) -> list[str]:
    return [f["kind"] for f in record["findings"] if f["needs_look"] is needs_look]


def as_printed(value: Fraction | float, digits: int, percent: bool, rounding: str) -> str:
    """As three kinds of software print a figure; the sign only where the unit would be unclear."""
    exact = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else value
    number = Decimal(exact) * (100 if percent else 1)
    sign = "%" if percent and abs(number) < 2 else ""
    if rounding == "half even":
        return f"{number:.{digits}f}{sign}"
    how = ROUND_HALF_UP if rounding == "half up" else ROUND_DOWN
    return f"{number.quantize(Decimal(1).scaleb(-digits), how):f}{sign}"


cell = st.integers(0, 60)


@settings(max_examples=60)
@given(
    st.builds(Matrix, cell, cell, cell, cell).filter(lambda m: m.positives + m.negatives > 0),
    st.sets(st.sampled_from(list(TITLES)), min_size=1),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from(["half up", "half even", "down"]),
)
def test_honest_figures_are_never_called_impossible(
    matrix: Matrix, names: set[str], digits: int, percent: bool, rounding: str
) -> None:
    row = {name: as_printed(matrix.value(name), digits, percent, rounding) for name in names}
    record = check_table(PublishedTable([row], None, matrix.positives, matrix.negatives))
    assert not record["needs_look"], record["findings"]
    assert record["rows"][0]["possible"]
    json.dumps(record)


def test_the_row_of_the_paper_is_not_of_the_official_test_split() -> None:
    record = check_table(PublishedTable([PAPER], None, 98, 105))
    assert kinds(record) == ["prevalence", "matrices"]
    assert "2.9 to 3.1 positives for each negative" in record["findings"][0]["what"]
    assert "not even recall 91.9 alone" in record["findings"][1]["what"]
    assert (record["rows"][0]["matrices"], record["rows"][0]["examples"]) == (0, [])


def test_the_row_of_the_paper_is_possible_on_other_test_sets() -> None:
    record = check_table(PublishedTable([PAPER], max_total=150))
    assert not record["needs_look"]
    [row] = record["rows"]
    assert row["smallest"] == {"positives": 99, "negatives": 34}
    assert row["possible_totals"] == [133, 148, 149]
    assert "133, 148 to 149" in record["findings"][-1]["what"]
    [example] = check_table(PublishedTable([PAPER], None, 99, 34))["rows"][0]["examples"]
    assert example.items() >= {"tp": 91, "fn": 8, "fp": 9, "tn": 25}.items()
    assert example["f1"] == pytest.approx(182 / 199)


def test_the_two_rows_of_the_paper_exclude_each_other() -> None:
    record = check_table(PublishedTable([WITHOUT_CROP, PAPER]))
    assert kinds(record) == ["one_test_set"]
    assert record["one_test_set"] == {"possible": False}


def test_two_rows_of_one_test_set_pass() -> None:
    rows = [{"accuracy": "0.850", "recall": "0.833"}, {"accuracy": "0.730", "recall": "0.683"}]
    for sizes in ((60, 40), (None, None)):
        record = check_table(PublishedTable(rows, None, *sizes))
        assert not record["needs_look"]
        assert record["one_test_set"]["possible"]


def test_two_rows_are_asked_for_one_set_and_not_only_each_for_its_own() -> None:
    """Each is possible on small sets, and thirds and sevenths both need 21 positives."""
    thirds, sevenths = (
        {"recall": recall, "specificity": "1.00000"} for recall in ("0.33333", "0.42857")
    )
    record = check_table(PublishedTable([thirds, sevenths]))
    assert [row["smallest"]["positives"] for row in record["rows"]] == [3, 7]
    assert record["one_test_set"]["smallest"] == {"positives": 21, "negatives": 1}


def test_cut_digits_pass_and_are_named() -> None:
    record = check_table(PublishedTable([{"recall": "66.6"}], None, 3, 3))
    assert (record["rounding"], record["needs_look"]) == ("cut", False)
    assert kinds(record, needs_look=False)[0] == "rounding"
    assert check_table(PublishedTable([{"recall": "66.7"}], None, 3, 3))["rounding"] == "nearest"


def test_a_search_that_ends_without_an_answer_says_how_far_it_went(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The smallest set has 133 images; the real end of the search would take seconds to reach."""
    monkeypatch.setattr("covidcls.audit.published.sizes.LARGEST", 132)
    record = check_table(PublishedTable([PAPER], max_total=500))
    assert kinds(record) == ["smallest", "totals"]
    assert "up to 132 images" in record["findings"][1]["what"]
    assert record["findings"][2]["what"].endswith("up to 132: none")
    assert (record["rows"][0]["possible"], record["rows"][0]["searched_up_to"]) == (None, 132)


def test_figures_against_themselves_are_impossible_at_any_size() -> None:
    for sizes in ((None, None), (50, 50)):
        row = {"recall": "0.10", "f1": "0.90"}
        assert kinds(check_table(PublishedTable([row], None, *sizes))) == ["impossible"]


def test_exchanged_cells_are_named_and_their_figures_corrected() -> None:
    record = check_table(PublishedTable([{"accuracy": "0.81"}], VGG_19, 98, 105))
    assert kinds(record) == ["exchanged", "contradiction"]
    assert "TP with TN, so TP is 83, TN 72" in record["findings"][0]["what"]
    assert "0.7635" in record["findings"][1]["what"]
    [reading] = record["cells"]["readings"]
    assert reading["recall"] == pytest.approx(83 / 98)
    assert record["cells"]["printed"]["tp"] == 72


def test_cells_that_fit_pass() -> None:
    meant = Matrix(tp=83, tn=72, fp=33, fn=15)
    assert not check_table(PublishedTable([{"accuracy": "76"}], meant, 98, 105))["needs_look"]


@pytest.mark.parametrize(
    ("sizes", "what"),
    [((98, 106), "add up to 203 images, not to the 204"), ((99, 104), "no exchange")],
)
def test_cells_that_no_exchange_explains_are_told(sizes: tuple[int, int], what: str) -> None:
    record = check_table(PublishedTable([], VGG_19, *sizes))
    assert kinds(record) == ["cells"]
    assert what in record["findings"][0]["what"]


def test_auc_and_mixed_units_are_remarks() -> None:
    row = {"accuracy": "87.2", "f1": "0.915", "auc": "92.6"}
    record = check_table(PublishedTable([row]))
    assert kinds(record, needs_look=False)[:2] == ["auc", "units"]
    assert not record["needs_look"]


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([], {}, "no figures"),
        ([{"accuracy": "87.2"}], {}, "nothing follows from accuracy alone"),
        ([{"auc": "92.6"}], {"positives": 9, "negatives": 9}, "AUC alone"),
        ([PAPER, {"recall": "91.9", "auc": "92"}], {}, "nothing follows from recall and auc alone"),
        ([PAPER], {"positives": 98}, "--negatives"),
        ([PAPER], {"positives": 0, "negatives": 0}, "not 0"),
        ([PAPER], {"positives": 10**7, "negatives": 1}, "5,000,000"),
        ([PAPER], {"positives": 98, "negatives": 105, "max_total": 9}, "--max-total"),
        ([PAPER], {"cells": VGG_19, "max_total": 9}, "--max-total"),
        ([{"recall": "187"}], {"positives": 98, "negatives": 105}, "out of range"),
        ([], {"cells": VGG_19}, "four cells alone"),
        ([PAPER, PAPER], {"cells": VGG_19, "positives": 98, "negatives": 105}, "one row"),
    ],
)
def test_what_leads_nowhere_is_refused(
    rows: Sequence[dict[str, str]], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        check_table(PublishedTable(rows, **options))
