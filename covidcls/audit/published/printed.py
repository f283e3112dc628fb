"""Figures as a paper prints them, and the true values that their digits stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from lungseg.errors import UsageError

TITLES = {
    "accuracy": "accuracy",
    "recall": "recall",
    "precision": "precision",
    "specificity": "specificity",
    "f1": "F1",
    "npv": "NPV",
    "balanced_accuracy": "balanced accuracy",
    "mcc": "MCC",
}

Rounding = Literal["nearest", "cut"]

NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(\s*%)?")

ROOT_ERROR = 1e-12  # of an MCC in floating point: it has a square root, all others are fractions


@dataclass(frozen=True)
class Printed:
    """A figure as printed; its true value, a share, lies from ``low`` to ``high``, both included.

    Both ends belong to it because papers round halves up as well as to even.
    """

    name: str
    text: str
    low: Fraction
    high: Fraction

    def __str__(self) -> str:
        return f"{TITLES[self.name]} {self.text}"

    def holds(self, value: Fraction | float) -> bool:
        """Whether ``value``, a share, may have been printed like this."""
        error = 0 if isinstance(value, Fraction) else ROOT_ERROR
        return self.low - error <= value <= self.high + error


Row = Mapping[str, Printed]


def read_figure(name: str, text: str, rounding: Rounding = "nearest") -> Printed:
    """The interval behind a printed number such as ``"87.2"``, ``"0.872"`` or ``"87.2%"``.

    With a per cent sign, or beyond 1 without one, it is a percentage. ``nearest``: half a unit of
    the last printed digit to both sides; ``cut``: digits were dropped, so up to one unit further
    from zero. Raises UsageError where it is no number or out of range: 0 to 1, MCC -1 to 1.
    """
    match = NUMBER.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{name} {text!r} is not a printed number such as 87.2, 0.872 or 87.2%")
    decimal = Decimal(match[1])
    exponent = decimal.as_tuple().exponent
    assert isinstance(exponent, int)  # a string marks infinity, which NUMBER does not match
    percent = match[2] is not None or abs(decimal) > 1
    scale = 100 if percent else 1
    value, unit = Fraction(decimal) / scale, Fraction(10) ** exponent / scale
    least = -1 if name == "mcc" else 0
    if not least <= value <= 1:
        raise UsageError(
            f"{name} {text!r} is out of range: a share from {least} to 1, or a percentage "
            f"from {100 * least} to 100"
        )
    below, above = (unit / 2, unit / 2) if rounding == "nearest" else (Fraction(0), unit)
    if value < 0:
        below, above = above, below
    elif value == 0 and least < 0:
        below = above
    low, high = max(value - below, Fraction(least)), min(value + above, Fraction(1))
    return Printed(name, text.strip(), low, high)


def read_row(texts: Mapping[str, str], rounding: Rounding = "nearest") -> Row:
    """The figures of one row of a table, by name in the order of TITLES; AUC is left out.

    Raises UsageError as ``read_figure`` does.
    """
    if "auc" in texts:
        read_figure("auc", texts["auc"])
    return {name: read_figure(name, texts[name], rounding) for name in TITLES if name in texts}


def mixes_units(texts: Mapping[str, str]) -> bool:
    """Whether some figures (MCC and AUC apart) are beyond 1 and others are not, without a sign."""
    plain = [text for name, text in texts.items() if name not in ("mcc", "auc") and "%" not in text]
    return len({Decimal(text.strip()) > 1 for text in plain}) > 1
