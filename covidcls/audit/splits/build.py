"""A split that cannot leak by patient, paper or copy, with its seed, its counts and its hash."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from covidcls.audit.inventory import LabelledImage
from covidcls.audit.splits.assignment import grouped_parts, shared_out
from covidcls.audit.splits.leaks import refuse_leaks
from covidcls.audit.units import Tie, independent_units
from lungseg.errors import UsageError
from lungseg.whole_file import write_json, write_whole

SHARES: Mapping[str, float] = {"train": 0.7, "val": 0.1, "test": 0.2}


@dataclass(frozen=True)
class GroupedSplit:
    """``images``, each with its new split, in the order of their paths, and their ``units``."""

    images: tuple[LabelledImage, ...]
    units: tuple[str, ...]
    shares: Mapping[str, float]
    seed: int

    @property
    def assignment(self) -> dict[str, str]:
        """Path to split, in the order of paths."""
        return {image.path: str(image.split) for image in self.images}

    @property
    def sha256(self) -> str:
        """Of the sorted lines ``file,split``."""
        lines = sorted(f"{path},{split}" for path, split in self.assignment.items())
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """By split and class: how many ``images``, of how many ``units`` and known ``sources``."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        for split in self.shares:
            for label in sorted({image.label for image in self.images}):
                here = [
                    (image, unit)
                    for image, unit in zip(self.images, self.units, strict=True)
                    if (image.split, image.label) == (split, label)
                ]
                found.setdefault(split, {})[label] = {
                    "images": len(here),
                    "units": len({unit for _, unit in here}),
                    "sources": len({image.source for image, _ in here} - {None}),
                }
        return found

    def record(self) -> dict[str, Any]:
        """How it was made, its counts and its hash, for the JSON beside the table."""
        return {
            "seed": self.seed,
            "shares": dict(self.shares),
            "unit": "patient, else paper, else file; units that hold copies of one picture, or one "
            "person under two ids, are one",
            "images": len(self.images),
            "units": len(set(self.units)),
            "counts": self.counts(),
            "sha256": self.sha256,
        }


def build_split(
    images: Sequence[LabelledImage],
    ties: Sequence[Tie],
    shares: Mapping[str, float] = SHARES,
    seed: int = 0,
) -> GroupedSplit:
    """Split ``images`` anew; the splits that they have are not looked at.

    Every unit is in one part, with what ``ties`` join to it (see ``independent_units``); parts have
    their share of every class, and of every source of it, as nearly as whole units allow.
    ``shares``: part to its share, together 1. The same seed gives the same split for any order of
    images. Raises UsageError for shares that are none, and where a part gets no image of a class.
    """
    if not all(share > 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-6:
        given = ", ".join(f"{part} {share:g}" for part, share in shares.items())
        raise UsageError(f"the shares of a split should be above 0 and sum to 1, not {given}")
    ordered = sorted(images, key=lambda image: image.path)
    units = independent_units(ordered, ties)
    parts = grouped_parts(ordered, units, shared_out(ordered, shares), seed)
    divided = tuple(replace(image, split=part) for image, part in zip(ordered, parts, strict=True))
    split = GroupedSplit(divided, tuple(units), dict(shares), seed)
    _refuse_empty(split)
    refuse_leaks(divided, ties)
    return split


def record_file(table: Path) -> Path:
    """Where the record of a split goes whose ``table`` is, say, ``split.csv``: ``split.json``."""
    return table.with_suffix(".json")


def write_split(split: GroupedSplit, file: Path) -> None:
    """Write the CSV ``file`` (``file,split``, as ``inventory.class_folders`` reads it), and its
    record beside it; their folder must exist."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("file", "split"))
    table.writerows(split.assignment.items())
    write_whole(file, text.getvalue().encode("utf-8", "surrogateescape"))
    write_json(record_file(file), split.record())


def _refuse_empty(split: GroupedSplit) -> None:
    for part, of_label in split.counts().items():
        for label, count in of_label.items():
            if not count["images"]:
                units = sum(counts[label]["units"] for counts in split.counts().values())
                raise UsageError(
                    f"the {part} part gets no image of {label}, which has {units} patients, papers "
                    "or files that must each stay whole; give more of them, or try another seed"
                )
