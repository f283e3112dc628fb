"""Splits fixed in a file, with a hash, before the first training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lungseg.errors import UsageError


@dataclass(frozen=True)
class PatientSplit:
    """Patients held out: ``val`` for choices, ``test`` for one look at the end; others train.

    ``sha256``: of the lines ``slice,patient,part`` that the split gives on its data.
    """

    data: str
    val: frozenset[str]
    test: frozenset[str]
    sha256: str

    def part(self, patient: str) -> str:
        """``train``, ``val`` or ``test``."""
        if patient in self.test:
            return "test"
        return "val" if patient in self.val else "train"

    def check(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Raise UsageError unless (slice, patient) pairs are those that the hash is of, and every
        patient of the split has a slice: one that is misspelt would be trained on."""
        pairs = list(pairs)
        known = {patient for _, patient in pairs}
        absent = sorted((self.val | self.test) - known)
        if absent:
            raise UsageError(
                f"the split {self.data!r} holds back patients that no slice is of "
                f"({', '.join(absent[:3])}{', ...' if len(absent) > 3 else ''}); there are "
                f"{', '.join(sorted(known)[:3])}{', ...' if len(known) > 3 else ''}"
            )
        found = self.hash_of(pairs)
        if found != self.sha256:
            raise UsageError(
                f"the data of split {self.data!r} are not those that it was fixed on "
                f"({self.sha256[:12]}...); use the published set, or make a new split file with "
                f'"sha256": "{found}"'
            )

    def hash_of(self, pairs: Iterable[tuple[str, str]]) -> str:
        """Sha256 of the split as applied to (slice, patient) pairs, in any order."""
        lines = sorted(f"{slice_},{patient},{self.part(patient)}" for slice_, patient in pairs)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_split(path: Path) -> PatientSplit:
    """The split of a JSON file with ``data``, ``val``, ``test`` and ``sha256``."""
    try:
        content = json.loads(Path(path).read_text())
        return PatientSplit(
            content["data"],
            frozenset(content["val"]),
            frozenset(content["test"]),
            content["sha256"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"cannot read the split file {path}: {error}") from error
