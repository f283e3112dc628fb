"""What an audit found: one row each, in words that say what it means for a result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Crossing = Literal["labels", "splits", "patients"]
CROSSINGS: tuple[Crossing, ...] = ("labels", "splits", "patients")  # the worst first

COLUMNS = ("kind", "crosses", "file_a", "file_b", "similarity", "group", "message")


@dataclass(frozen=True)
class Finding:
    """``kind`` such as ``near_copy``; ``crosses``: what it stands on both sides of.

    ``file_a``, ``file_b``: paths relative to the root of the data, empty where it is about no
    file. ``similarity`` of two pictures, 0 to 1. ``group`` ties rows together: copies of one
    picture, slices of one patient. ``message``: what it is, and what it means for a result on this
    data.
    """

    kind: str
    message: str
    crosses: tuple[Crossing, ...] = ()
    file_a: str = ""
    file_b: str = ""
    similarity: float | None = None
    group: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row of ``audit.csv``, in the order of COLUMNS."""
        similarity = "" if self.similarity is None else f"{self.similarity:.3f}"
        crosses = " ".join(self.crosses)
        return (
            self.kind,
            crosses,
            self.file_a,
            self.file_b,
            similarity,
            self.group,
            self.message,
        )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """What crosses labels first, then splits, then patients; then by kind, group and files."""

    def key(finding: Finding) -> tuple[object, ...]:
        crossing = [crossing not in finding.crosses for crossing in CROSSINGS]
        return (crossing, finding.kind, finding.group, finding.file_a, finding.file_b)

    return sorted(findings, key=key)
