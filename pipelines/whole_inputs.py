"""When all slices of an input are there, told row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from lungseg.io import Input
from pipelines.results import cell

Row: TypeAlias = Sequence[str]
Then: TypeAlias = Callable[[Input, Sequence[Row]], None]


class WholeInputs:
    """Hands on each input with its rows, to each of ``then``, once all its rows were added.

    ``inputs``: those that the rows are of, in their order.
    """

    def __init__(self, inputs: Sequence[Input], then: Sequence[Then]) -> None:
        self.inputs = inputs
        self.then = then
        self._position = -1
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Take the next row; the pictures of the slices of rows that are added lie on the disk."""
        if cell(row, "slice") == "0":
            self.finish()
            self._position += 1
        self._rows.append(row)

    def finish(self) -> None:
        """Hand on the input of the rows so far; called once more after the last row."""
        if self._rows:
            rows, self._rows = self._rows, []
            for then in self.then:
                then(self.inputs[self._position], rows)
