"""Figures of a confusion matrix, and the matrices that give a printed row."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn import metrics

from covidcls.audit.published import Matrix
from covidcls.audit.published.matrix import matching
from covidcls.audit.published.printed import TITLES, Row, read_row

NAMES = st.sets(st.sampled_from(list(TITLES)), min_size=1)


def matrices(largest: int) -> st.SearchStrategy[Matrix]:
    """Any matrix with an image, classes without images included."""
    cell = st.integers(0, largest)
    return st.builds(Matrix, cell, cell, cell, cell).filter(lambda m: m.positives + m.negatives > 0)


def printed_row(matrix: Matrix, names: set[str], digits: int) -> Row:
    return read_row({name: f"{float(matrix.value(name)):.{digits}f}" for name in names})


@given(matrices(9))
def test_figures_agree_with_scikit_learn(matrix: Matrix) -> None:
    truth = np.repeat([1, 1, 0, 0], [matrix.tp, matrix.fn, matrix.fp, matrix.tn])
    called = np.repeat([1, 0, 1, 0], [matrix.tp, matrix.fn, matrix.fp, matrix.tn])
    zero = {"zero_division": 0}
    expected = {
        "accuracy": metrics.accuracy_score(truth, called),
        "recall": metrics.recall_score(truth, called, **zero),
        "precision": metrics.precision_score(truth, called, **zero),
        "specificity": metrics.recall_score(1 - truth, 1 - called, **zero),
        "f1": metrics.f1_score(truth, called, **zero),
        "npv": metrics.precision_score(1 - truth, 1 - called, **zero),
    }
    if matrix.positives and matrix.negatives:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected["balanced_accuracy"] = metrics.balanced_accuracy_score(truth, called)
            expected["mcc"] = metrics.matthews_corrcoef(truth, called)
    found = matrix.figures()
    assert found.keys() == TITLES.keys()
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@given(matrices(6), NAMES, st.integers(1, 4))
@example(Matrix(0, 3, 0, 4), {"precision", "npv"}, 2)
@example(Matrix(0, 0, 2, 4), {"recall", "f1", "balanced_accuracy", "mcc"}, 2)
@example(Matrix(3, 0, 4, 0), {"npv", "mcc", "recall"}, 1)
def test_the_solved_matrices_are_those_found_by_trying_all(
    matrix: Matrix, names: set[str], digits: int
) -> None:
    row = printed_row(matrix, names, digits)
    p, n = matrix.positives, matrix.negatives
    every = [Matrix(tp, p - tp, n - tn, tn) for tp in range(p + 1) for tn in range(n + 1)]
    fitting = [m for m in every if all(f.holds(m.value(f.name)) for f in row.values())]
    found = matching(row, p, n)
    assert found.count == len(fitting) > 0
    assert set(found.examples) <= set(fitting)
    assert len(found.examples) == min(found.count, 3)


@given(matrices(30_000), NAMES, st.integers(2, 14))
def test_a_matrix_of_a_large_test_set_is_found_to_any_number_of_digits(
    matrix: Matrix, names: set[str], digits: int
) -> None:
    row = printed_row(matrix, names, digits)
    found = matching(row, matrix.positives, matrix.negatives)
    assert found.count > 0
    for one in found.examples:
        assert all(figure.holds(one.value(figure.name)) for figure in row.values())


def test_a_figure_between_two_counts_is_impossible() -> None:
    """90 of 98 is 91.8 %, 91 is 92.9 %."""
    assert matching(read_row({"recall": "91.9"}), 98, 105).count == 0
    assert matching(read_row({"recall": "91.8"}), 98, 105).count == 106


def test_a_positive_precision_needs_a_positive_call() -> None:
    row = read_row({"precision": "0.9", "recall": "0.0"})
    assert matching(row, 5, 100).count == 0
    assert matching(read_row({"precision": "0.0", "recall": "0.0"}), 5, 2).count == 3
