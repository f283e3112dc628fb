"""What a printed row implies for the figures that are not printed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covidcls.audit.published import Matrix
from covidcls.audit.published.implied import implied
from covidcls.audit.published.printed import TITLES, read_row

cell = st.integers(0, 300)


def test_the_paper_has_three_positives_for_each_negative() -> None:
    """By hand: precision 0.911 of F1 and recall, then (1 - accuracy) / 0.1707 = 0.750."""
    found = implied(read_row({"accuracy": "87.2", "recall": "91.9", "f1": "91.5"}))
    assert found["prevalence"].low == pytest.approx(0.7416, abs=1e-4)
    assert found["prevalence"].high == pytest.approx(0.7579, abs=1e-4)
    assert 0.911 in found["precision"]


@settings(max_examples=60)
@given(
    st.builds(Matrix, cell, cell, cell, cell).filter(lambda m: m.positives + m.negatives > 0),
    st.sets(st.sampled_from(list(TITLES)), min_size=2),
    st.integers(1, 14),
)
def test_the_truth_lies_in_every_implied_interval(
    matrix: Matrix, names: set[str], digits: int
) -> None:
    row = read_row({name: f"{float(matrix.value(name)):.{digits}f}" for name in names})
    found = implied(row)
    prevalence = Fraction(matrix.positives, matrix.positives + matrix.negatives)
    assert prevalence in found.pop("prevalence")
    below = {
        "recall": matrix.positives,
        "specificity": matrix.negatives,
        "precision": matrix.tp + matrix.fp,
        "npv": matrix.tn + matrix.fn,
        "f1": 2 * matrix.tp + matrix.fp + matrix.fn,
    }
    for name, span in found.items():
        assert below.get(name, 1) == 0 or matrix.value(name) in span


def test_more_digits_imply_a_narrower_prevalence() -> None:
    loose = implied(read_row({"accuracy": "0.87", "recall": "0.92", "f1": "0.92"}))["prevalence"]
    tight = implied(read_row({"accuracy": "0.872", "recall": "0.919", "f1": "0.915"}))["prevalence"]
    assert loose.low < tight.low < tight.high < loose.high


def test_balanced_accuracy_counts_by_the_specificity_that_it_implies() -> None:
    with_recall = {"accuracy": "0.80", "recall": "0.90"}
    assert implied(read_row(with_recall))["prevalence"].low < 0.01
    found = implied(read_row({**with_recall, "balanced_accuracy": "0.80"}))
    assert found["prevalence"].low > 0.4
    assert 0.7 in found["specificity"]


def test_a_row_against_itself_implies_nothing() -> None:
    assert implied(read_row({"recall": "0.10", "f1": "0.90"})) == {}


def test_figures_of_one_class_leave_the_prevalence_open() -> None:
    assert implied(read_row({"recall": "0.9", "specificity": "0.8"}))["prevalence"].is_open
