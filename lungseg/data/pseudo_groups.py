"""Which unlabelled pictures may show one patient."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from lungseg.data.sources import BLOCK
from lungseg.patients import paper_of


def groups_of(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """A group for each of ``paths`` (POSIX, below ``root``) that must not straddle a split.

    The ``patient`` of ``slices.csv`` in ``root``, by stem; else the paper or figure that begins the
    name; else blocks of ten neighbours in their folder, with numbers in names counted as numbers.
    """
    patients = _patients(root)
    groups = {}
    rest: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        stem, folder = PurePosixPath(path).stem, PurePosixPath(path).parent.as_posix()
        if stem in patients:
            groups[path] = patients[stem]
        elif paper := paper_of(path):
            groups[path] = f"{folder}/{paper}"
        else:
            rest[folder].append(path)
    for folder, members in rest.items():
        for place, path in enumerate(sorted(members, key=_by_number)):
            groups[path] = f"{folder}/block-{place // BLOCK:03d}"
    return groups


def _patients(root: Path) -> dict[str, str]:
    table = root / "slices.csv"
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return {r["slice"]: r["patient"] for r in rows if {"slice", "patient"} <= r.keys()}


def _by_number(path: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path)
    ]
