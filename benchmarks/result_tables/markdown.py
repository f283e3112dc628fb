"""Figures as cells, and the table around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Interval = Mapping[str, float]  # a value, and low and high around it


def figure(found: Interval | None, digits: int = 3) -> str:
    """``0.900 (0.800 to 0.950)``; ``-`` where there is none."""
    if found is None:
        return "-"
    value, low, high = (f"{found[key]:.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def signed(found: Interval | None) -> str:
    """A difference as ``+0.010 (-0.020 to +0.040)``; ``-`` where there is none."""
    if found is None:
        return "-"
    return f"{found['value']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"


def count(share: Mapping[str, float] | None) -> str:
    """A share of ``n`` as ``3 of 40``; ``-`` where there is none."""
    return "-" if share is None else f"{share['value'] * share['n']:.0f} of {share['n']}"


def table_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, without a line break at its end."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
