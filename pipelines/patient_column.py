"""Whose slices these are: the last column of the tables, where that may be seen."""

from __future__ import annotations

from collections.abc import Sequence

from lungseg.io import Input
from lungseg.io.identity import IdentityPolicy, shown_identity
from pipelines.results import PATIENT, cell_of_message


class PatientColumn:
    """``header`` and ``cell`` are one text each, or nothing where ``policy`` shows nothing."""

    def __init__(self, inputs: Sequence[Input], policy: IdentityPolicy) -> None:
        self.inputs = inputs
        self.policy = policy
        self._last: tuple[int, tuple[str, ...]] = (-1, ())

    @property
    def header(self) -> tuple[str, ...]:
        """Its name."""
        return () if self.policy.shows_nothing else (PATIENT,)

    def cell(self, position: int) -> tuple[str, ...]:
        """The PatientID of the input at ``position``, or its hash; empty where it has none."""
        if self.policy.shows_nothing:
            return ()
        if self._last[0] != position:  # the slices of an input follow one another
            self._last = position, (self._read(self.inputs[position]),)
        return self._last[1]

    def _read(self, one: Input) -> str:
        if one.format != "DICOM":
            return ""
        return cell_of_message(shown_identity(one.parts[0].file, self.policy).get(PATIENT, ""))
