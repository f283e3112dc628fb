"""Test sets of unknown size that can have given a row."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covidcls.audit.published import Matrix
from covidcls.audit.published.matrix import matching
from covidcls.audit.published.printed import TITLES, read_row
from covidcls.audit.published.sizes import LARGEST, possible_totals, reach, smallest_test_set

PAPER = {"accuracy": "87.2", "recall": "91.9", "f1": "91.5"}
WITHOUT_CROP = {"accuracy": "83.5", "recall": "83.7", "f1": "88.7"}

cell = st.integers(0, 9)


@settings(max_examples=25)
@given(
    st.builds(Matrix, cell, cell, cell, cell).filter(lambda m: m.positives + m.negatives > 0),
    st.sets(st.sampled_from(list(TITLES)), min_size=2, max_size=4),
    st.integers(2, 3),
)
def test_sizes_are_those_found_by_trying_all(matrix: Matrix, names: set[str], digits: int) -> None:
    row = read_row({name: f"{float(matrix.value(name)):.{digits}f}" for name in names})
    up_to = matrix.positives + matrix.negatives
    tried = [
        (p, total - p)
        for total in range(1, up_to + 1)
        for p in range(total + 1)
        if matching(row, p, total - p).count
    ]
    assert possible_totals(row, up_to) == sorted({p + n for p, n in tried})
    assert smallest_test_set([row], up_to) == tried[0]


def test_the_smallest_test_set_of_the_paper() -> None:
    assert smallest_test_set([read_row(PAPER)], 1000) == (99, 34)
    assert possible_totals(read_row(PAPER), 150) == [133, 148, 149]


def test_the_rows_of_the_paper_share_no_test_set() -> None:
    rows = [read_row(PAPER), read_row(WITHOUT_CROP)]
    assert smallest_test_set(rows, 2000) is None


def test_rows_of_one_test_set_are_found_on_it_or_on_a_smaller_one() -> None:
    texts = [
        {name: f"{float(m.value(name)):.3f}" for name in ("accuracy", "recall", "f1")}
        for m in (Matrix(50, 10, 5, 35), Matrix(41, 19, 8, 32))
    ]
    rows = [read_row(row) for row in texts]
    found = smallest_test_set(rows, 100)
    assert found is not None and sum(found) <= 100
    assert all(matching(row, *found).count for row in rows)


def test_what_implies_little_is_not_searched_as_far() -> None:
    little = read_row({"accuracy": "0.8721", "precision": "0.8"})
    assert 500 < reach([little]) < reach([read_row(PAPER)]) == LARGEST


def test_a_row_against_itself_has_no_size() -> None:
    row = read_row({"recall": "0.10", "f1": "0.90"})
    assert possible_totals(row, 50) == []
    assert smallest_test_set([row], 50) is None


@pytest.mark.parametrize("up_to", [5, 40])
def test_mcc_does_not_add_up_and_is_searched_size_by_size(up_to: int) -> None:
    row = read_row({"accuracy": "0.80", "mcc": "0.58"})
    tried = [
        total
        for total in range(1, up_to + 1)
        if any(matching(row, p, total - p).count for p in range(total + 1))
    ]
    assert possible_totals(row, up_to) == tried
