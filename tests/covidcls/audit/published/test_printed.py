"""The interval of true values behind a printed number."""

from __future__ import annotations

from fractions import Fraction

import pytest

from covidcls.audit.published.printed import mixes_units, read_figure, read_row
from lungseg.errors import UsageError


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("87.2", "0.8715", "0.8725"),
        ("87.2%", "0.8715", "0.8725"),
        ("87.20 %", "0.87195", "0.87205"),
        (".872", "0.8715", "0.8725"),
        ("0.9%", "0.0085", "0.0095"),
        ("0", "0", "0.5"),
        ("100", "0.995", "1"),
        ("1.00", "0.995", "1"),
    ],
)
def test_printed_digits_are_an_interval_of_shares(text: str, low: str, high: str) -> None:
    figure = read_figure("recall", text)
    assert (figure.low, figure.high) == (Fraction(low), Fraction(high))


@pytest.mark.parametrize(
    ("name", "text", "low", "high"),
    [
        ("recall", "87.2", "0.872", "0.873"),
        ("recall", "100", "1", "1"),
        ("mcc", "-0.5", "-0.6", "-0.5"),
        ("mcc", "0.0", "-0.1", "0.1"),
    ],
)
def test_cut_digits_lie_further_from_zero(name: str, text: str, low: str, high: str) -> None:
    figure = read_figure(name, text, "cut")
    assert (figure.low, figure.high) == (Fraction(low), Fraction(high))


def test_a_half_may_have_been_rounded_to_either_side() -> None:
    assert read_figure("recall", "0.12").holds(Fraction(1, 8))
    assert read_figure("recall", "0.13").holds(Fraction(1, 8))
    assert not read_figure("recall", "0.14").holds(Fraction(1, 8))


@pytest.mark.parametrize("text", ["", "87,2", "nan", "1e2", "eighty", "--1", "100.1", "-0.1"])
def test_what_is_no_figure_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="recall"):
        read_figure("recall", text)


def test_only_mcc_may_be_negative() -> None:
    assert read_figure("mcc", "-12.5").high == Fraction("-0.1245")
    with pytest.raises(UsageError, match="-100 to 100"):
        read_figure("mcc", "-101")


def test_auc_is_read_and_left_out_of_a_row() -> None:
    assert list(read_row({"auc": "92.6", "f1": "91.5", "accuracy": "87.2"})) == ["accuracy", "f1"]
    with pytest.raises(UsageError, match="auc"):
        read_row({"auc": "926"})


def test_percentages_beside_shares_are_noticed() -> None:
    assert mixes_units({"accuracy": "87.2", "f1": "0.915"})
    assert not mixes_units({"accuracy": "87.2", "f1": "0.9%", "mcc": "0.7", "auc": "0.9"})
