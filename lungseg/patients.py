"""Whose slices files show, by a table that names them, and from which paper, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lungseg.errors import UsageError
from lungseg.name_table import FileNames, read_name_table

# A page (2020.02.10.20021584-p6-52%0) or a panel (71%0) follows the name of the paper.
_PAPER = re.compile(r"(.+?)(?:-p\d+\b.*|%\d+)")


@dataclass(frozen=True)
class Patients:
    """``of``: the patient by path, where the table has one. ``message``: a sentence on rows that
    name no file; empty where all do."""

    of: Mapping[str, str]
    message: str = ""


def read_patients(table: Path, paths: Iterable[str]) -> Patients:
    """The patients of files, from a CSV with a column ``patient`` and one of ``NAME_COLUMNS``.

    ``paths``: POSIX, below the folder of the data. Raises UsageError as ``read_name_table`` and
    ``FileNames.find`` do, for a file of two patients, and where no row names a file.
    """
    paths = list(paths)
    names = FileNames(paths)
    rows = read_name_table(table, "patient")
    patient_of: dict[str, str] = {}
    strangers = []
    for name, patient in rows:
        path = names.find(name)
        if path is None:
            strangers.append(name)
        elif patient_of.setdefault(path, patient) != patient:
            raise UsageError(
                f"{table} gives {path} to two patients, {patient_of[path]} and {patient}; a file "
                "is of one"
            )
    if not patient_of:
        first = f"it has {strangers[0]}" if strangers else "none of its rows has name and patient"
        raise UsageError(
            f"{table} names none of the {len(paths)} files: {first}; a name that it could have is "
            f"{min(paths, default='sick/a.png')}"
        )
    return Patients(patient_of, unknown_rows(table, len(rows), strangers))


def unknown_rows(table: Path, n_rows: int, strangers: list[str]) -> str:
    """The sentence on rows that name no file; empty where there is none."""
    if not strangers:
        return ""
    return (
        f"{len(strangers):,} of the {n_rows:,} rows of {table.name} name no file here, the first "
        f"{strangers[0]}"
    )


def paper_of(name: str) -> str | None:
    """The paper or figure in a file name such as ``2020.02.10.20021584-p6-52%0.png``, or None.

    A name without a digit is none: in ``ct-p12-003`` the p is a patient.
    """
    found = _PAPER.fullmatch(PurePosixPath(name).stem)
    return found[1] if found and re.search(r"\d", found[1]) else None
