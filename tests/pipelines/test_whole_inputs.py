"""Rows are handed on input by input."""

from __future__ import annotations

from collections.abc import Sequence

from lungseg.io import Input
from pipelines.prediction import unreadable
from pipelines.results import row_of
from pipelines.whole_inputs import WholeInputs


def test_an_input_is_handed_on_once_with_all_its_rows() -> None:
    inputs = [Input(name, ()) for name in ("a", "b", "c")]
    handed: list[tuple[str, list[str]]] = []

    def then(one: Input, rows: Sequence[Sequence[str]]) -> None:
        handed.append((one.name, [f"{row[0]}{row[1]}" for row in rows]))

    whole = WholeInputs(inputs, [then])
    for name, index in (("a", 0), ("a", 1), ("b", 0), ("c", 0), ("c", 1)):
        whole.add(row_of(unreadable(name, index, 0.5, "")))
    assert handed == [("a", ["a0", "a1"]), ("b", ["b0"])]
    whole.finish()
    whole.finish()
    assert handed[2:] == [("c", ["c0", "c1"])]
