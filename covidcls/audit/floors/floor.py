"""A floor: how well the class is known without looking at the disease, and what that means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from covidcls.audit.findings import Finding
from lungseg.bootstrap import Interval

LIMIT = 0.7  # AUC: above it a result may be all shortcut


@dataclass(frozen=True)
class Floor:
    """``auc`` of a forest that saw ``saw``; its interval counts the images and independent units.

    ``name``, ``neutral``, ``caveat``: see Features. ``tested_on``: the split, after learning from
    train; None is cross-validation grouped by unit.
    """

    name: str
    saw: str
    auc: Interval
    neutral: bool = False
    tested_on: str | None = None
    caveat: str = ""

    def in_words(self) -> str:
        """One clause: what saw what, how it was tested, and its AUC with the interval."""
        how = f"on {self.tested_on}, from train" if self.tested_on else "cross-validated by unit"
        decoded = " after neutral decoding" if self.neutral else ""
        auc = self.auc
        return (
            f"a forest that saw {self.saw}{decoded} has AUC {auc.value:.2f} ({auc.low:.2f} to "
            f"{auc.high:.2f}) {how}, over {auc.n} images, {auc.n_groups} patients, papers or files "
            "taken for independent"
        )

    def finding(self) -> Finding:
        """The row of the audit for a floor above the limit."""
        cure = (
            "decoding all files alike does not take it away, so choose both classes from the same "
            "sources"
            if self.neutral
            else "print it beside every result, and see what neutral decoding leaves of it"
        )
        caveat = f" ({self.caveat}, so a part may be disease)" if self.caveat else ""
        group = (self.name, "neutral" if self.neutral else "", self.tested_on or "")
        return Finding(
            "shortcut_floor",
            f"{self.in_words()}: an AUC up to that on this data shows nothing about the "
            f"disease{caveat}; {cure}",
            group=" ".join(part for part in group if part),
        )

    def as_dict(self) -> dict[str, Any]:
        """For a card or a JSON report."""
        return {
            "name": self.name,
            "saw": self.saw,
            "neutral": self.neutral,
            "tested_on": self.tested_on,
            "auc": self.auc.as_dict(),
            "above_limit": above(self),
        }


def above(floor: Floor) -> bool:
    """Whether the whole interval lies above LIMIT."""
    return floor.auc.low > LIMIT


def floor_findings(floors: Iterable[Floor]) -> list[Finding]:
    """A row for each floor above the limit."""
    return [floor.finding() for floor in floors if above(floor)]
