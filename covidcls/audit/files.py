"""Files that cannot be used as they are: damaged, misnamed, of one grey value, absent, unlisted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from covidcls.audit.findings import Finding
from covidcls.audit.inventory import Inventory, LabelledImage
from covidcls.audit.reading import ReadFile


def file_findings(inventory: Inventory, files: Sequence[ReadFile[Any]]) -> list[Finding]:
    """``files``: those of ``inventory.images``, in their order."""
    found: list[Finding] = []
    for image, file in zip(inventory.images, files, strict=True):
        found += _faults(inventory.root, image, file)
    found += [
        Finding(
            "absent",
            f"it is listed in {image.split} and is not there: a result on {image.split} is one on "
            "fewer images than the published ones, and cannot be compared with theirs",
            file_a=image.path,
            group=image.split or "",
        )
        for image in inventory.absent
    ]
    found += [
        Finding(
            "unlisted",
            "it is there and in no split: leave it out, or a split that one makes of all files is "
            "another one than the published",
            file_a=image.path,
        )
        for image in inventory.unlisted
    ]
    return found


def _faults(root: Path, image: LabelledImage, file: ReadFile[Any]) -> Iterator[Finding]:
    facts = file.facts
    if file.error:
        cut = facts.n_bytes == 0 or not facts.ends_whole
        # without its path, so that files with one fault share one message, and an audit that is
        # passed on does not tell where the data lie
        error = file.error.replace(str(root / image.path), "it")
        yield Finding(
            "truncated" if cut else "unreadable",
            f"{error}; whoever trains on this data leaves it out or stops here, so results "
            "are on different sets of images",
            file_a=image.path,
        )
    if not facts.right_extension:
        yield Finding(
            "wrong_extension",
            f"its name ends in {facts.extension} and it is a {facts.content}: its compression says "
            "where it came from, and a program that trusts names may fail on it",
            file_a=image.path,
        )
    if file.constant:
        yield Finding(
            "constant",
            "all its pixels are the same: nothing in it says its label, so it can only be guessed",
            file_a=image.path,
        )
