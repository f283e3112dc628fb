"""Files whose names count, and the numbers that are missing: a file was lost, or taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from covidcls.audit.findings import Finding
from covidcls.audit.inventory import LabelledImage

_COUNTS = re.compile(r"(.*\D|)(\d+)(\D*)")  # the last number of a name
# Names that count; shorter or thinner series are page numbers, slices chosen by hand, ids.
_FEWEST, _PRESENT = 100, 0.95
_NAMED = 8  # missing numbers that a message names


def missing_numbers(images: Iterable[LabelledImage]) -> list[Finding]:
    """A row for each series of names, such as ``Covid (1).png`` to ``Covid (1252).png``, with gaps.

    Give the absent images too: what is listed is not missing from the names.
    """
    return [
        _finding(name, of_number, gaps)
        for name, of_number in _series(images)
        if (gaps := [n for n in range(min(of_number), max(of_number)) if n not in of_number])
    ]


def numbered(images: Iterable[LabelledImage]) -> list[dict[int, str]]:
    """Of each series of names that counts: number to path."""
    return [of_number for _, of_number in _series(images)]


def _series(images: Iterable[LabelledImage]) -> list[tuple[str, dict[int, str]]]:
    """A name with ``*`` in the place of its number, and number to path, where they count."""
    series: dict[tuple[str, str, str], dict[int, str]] = {}
    for image in images:
        path = PurePosixPath(image.path)
        if found := _COUNTS.fullmatch(path.stem):
            before, number, after = found.groups()
            name = (path.parent.as_posix(), before, after)
            series.setdefault(name, {})[int(number)] = image.path
    return [
        (f"{folder}/{before}*{after}", of_number)
        for (folder, before, after), of_number in sorted(series.items())
        if len(of_number) >= max(_FEWEST, _PRESENT * (max(of_number) - min(of_number) + 1))
    ]


def _finding(series: str, of_number: dict[int, str], gaps: list[int]) -> Finding:
    """File a is the one before the first gap."""
    named = ", ".join(map(str, gaps[:_NAMED])) + (", ..." if len(gaps) > _NAMED else "")
    before = max(number for number in of_number if number < gaps[0])
    return Finding(
        "missing_number",
        f"{len(gaps)} of the numbers {min(of_number)} to {max(of_number)} "
        f"{'is' if len(gaps) == 1 else 'are'} missing from the names that it belongs to: {named}; "
        "if files were lost or taken out, a result on the whole series was one on other images",
        file_a=of_number[before],
        group=series,
    )
