"""Cells printed under each other's names."""

from __future__ import annotations

import pytest

from covidcls.audit.published import Matrix
from covidcls.audit.published.cells import readings
from covidcls.audit.published.printed import read_row

SIZES = (98, 105)  # of the official test split of COVID-CT


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        (Matrix(tp=72, tn=83, fp=33, fn=15), Matrix(tp=83, tn=72, fp=33, fn=15)),
        (Matrix(tp=97, tn=13, fp=8, fn=85), Matrix(tp=13, tn=97, fp=8, fn=85)),
    ],
)
def test_exchanged_tp_and_tn_are_found_by_the_margins(printed: Matrix, meant: Matrix) -> None:
    [found] = readings(printed, {}, SIZES)
    assert found.matrix == meant
    assert set(found.moved) == {("tp", "tn"), ("tn", "tp")}
    assert found.is_swap


def test_cells_that_fit_stay_as_printed() -> None:
    [found] = readings(Matrix(tp=83, tn=72, fp=33, fn=15), read_row({"recall": "84.7"}), SIZES)
    assert (found.moved, found.contradicted) == ((), ())


def test_figures_decide_where_the_margins_allow_several_exchanges() -> None:
    """Both classes named the other way round, or TP with FP and FN with TN."""
    printed = Matrix(tp=72, tn=83, fp=15, fn=33)
    assert len(readings(printed, {}, SIZES)) == 2
    [found] = readings(printed, read_row({"recall": "0.847"}), SIZES)
    assert found.matrix == Matrix(tp=83, tn=72, fp=33, fn=15)


def test_figures_alone_find_an_exchange() -> None:
    row = read_row({"recall": "0.847", "precision": "0.716"})
    [found] = readings(Matrix(tp=72, tn=83, fp=33, fn=15), row, None)
    assert found.matrix == Matrix(tp=83, tn=72, fp=33, fn=15)


def test_a_wrong_figure_does_not_hide_an_exchange() -> None:
    row = read_row({"accuracy": "0.81", "recall": "0.847"})
    [found] = readings(Matrix(tp=72, tn=83, fp=33, fn=15), row, SIZES)
    assert found.matrix.tp == 83
    assert [figure.name for figure in found.contradicted] == ["accuracy"]


def test_no_exchange_is_invented_for_a_wrong_figure() -> None:
    [found] = readings(Matrix(tp=83, tn=72, fp=33, fn=15), read_row({"accuracy": "0.81"}), None)
    assert (found.moved, len(found.contradicted)) == ((), 1)


def test_equal_cells_are_not_exchanged_with_each_other() -> None:
    [found] = readings(Matrix(tp=5, fn=5, fp=5, tn=5), {}, (10, 10))
    assert found.moved == ()


def test_cells_of_another_total_have_no_reading() -> None:
    assert readings(Matrix(tp=72, tn=83, fp=33, fn=14), {}, SIZES) == []
