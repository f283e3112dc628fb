"""Figures to put into a table, and its cells to find them in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def figure() -> Callable[..., dict[str, Any]]:
    """A figure whose interval is 0.05 to each side, of 8 slices of 4 patients."""

    def make(value: float) -> dict[str, Any]:
        return {"value": value, "low": value - 0.05, "high": value + 0.05, "n": 8, "n_groups": 4}

    return make


@pytest.fixture
def rows_of() -> Callable[[str], list[dict[str, str]]]:
    """The rows of the Markdown table at the start of a text, each as its cells by heading."""

    def read(text: str) -> list[dict[str, str]]:
        lines = [one.strip("| ").split(" | ") for one in text.split("\n\n")[0].splitlines()]
        head, _, *rows = lines
        assert len(set(head)) == len(head)
        return [dict(zip(head, row, strict=True)) for row in rows]

    return read
