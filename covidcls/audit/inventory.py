"""The labelled images of a data set, with their split, patient and source paper."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from covidcls.audit.findings import CROSSINGS, Crossing
from covidcls.data.pictures import PARTS, listed_covid_ct
from lungseg.errors import UsageError
from lungseg.io import find_inputs

# A page (2020.02.10.20021584-p6-52%0) or a panel (71%0) follows the name of the paper.
_SOURCE = re.compile(r"(.+?)(?:-p\d+\b.*|%\d+)")
# Folders of these names alone are the parts of a split, with the classes below them.
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}


@dataclass(frozen=True)
class LabelledImage:
    """``path``: POSIX, relative to the root of the data. ``label``: the name of its class.

    ``split``, ``patient``: None where unknown. ``source``: the paper or figure that the beginning
    of its name tells, or None.
    """

    path: str
    label: str
    split: str | None = None
    patient: str | None = None
    source: str | None = None

    @property
    def unit(self) -> str:
        """The patient, else the source, else the file: images of two units are independent."""
        if self.patient is not None:
            return f"patient:{self.patient}"
        return f"source:{self.source}" if self.source is not None else f"file:{self.path}"


@dataclass(frozen=True)
class Inventory:
    """``images`` are there, ``absent`` are listed only; a file listed twice is there twice.

    ``unlisted``: images that are in no split, though there are splits.
    """

    root: Path
    images: tuple[LabelledImage, ...]
    absent: tuple[LabelledImage, ...] = ()

    @property
    def unlisted(self) -> tuple[LabelledImage, ...]:
        """Images that no split names; none where there are no splits."""
        if all(image.split is None for image in self.images):
            return ()
        return tuple(image for image in self.images if image.split is None)


def crossings(images: Sequence[LabelledImage]) -> tuple[Crossing, ...]:
    """Of what these images stand on both sides; unknown splits and patients are on no side."""
    values: dict[Crossing, set[str | None]] = {
        "labels": {image.label for image in images},
        "splits": {image.split for image in images} - {None},
        "patients": {image.patient for image in images} - {None},
    }
    return tuple(crossing for crossing in CROSSINGS if len(values[crossing]) > 1)


def source_of(name: str) -> str | None:
    """The paper or figure in a file name such as ``2020.02.10.20021584-p6-52%0.png``, or None.

    A name without a digit is none: in ``ct-p12-003`` the p is a patient.
    """
    found = _SOURCE.fullmatch(PurePosixPath(name).stem)
    return found[1] if found and re.search(r"\d", found[1]) else None


def covid_ct(root: Path, splits: Path | None = None) -> Inventory:
    """COVID-CT as published, all three parts of the official split; absent files are kept apart.

    ``splits``: another split of its files, as class_folders takes it; labels and patients stay.
    Raises UsageError where a list is missing, and as class_folders does for ``splits``.
    """
    root = Path(root)
    published = []
    for part in PARTS:
        for picture in listed_covid_ct(root, part):
            path = picture.path.relative_to(root).as_posix()
            patient = picture.patient if picture.patient_known else None
            label = picture.path.parent.name.removeprefix("CT_")
            published.append(LabelledImage(path, label, part, patient, source_of(path)))
    present = _inputs(root, "Images-processed")
    known = {image.path: image for image in published}

    def image(path: str, split: str | None) -> LabelledImage:
        if path in known:
            return replace(known[path], split=split)
        label = PurePosixPath(path).parent.name.removeprefix("CT_")
        return LabelledImage(path, label, split, source=source_of(path))

    rows = _Paths(root, present).of(splits, _splits(splits)) if splits else []
    listed = [image(path, split) for path, split in rows] if splits else published
    return _divided(root, listed, image, present)


def class_folders(
    root: Path, splits: Path | None = None, patients: Path | None = None
) -> Inventory:
    """One folder for each class, whose name is the label.

    ``splits``: a CSV with columns ``file`` and ``split``, or a JSON object of split to files;
    ``patients``: a CSV with columns ``file`` and ``patient``. A file is named by its path below
    ``root``, or by its name alone where only one folder has it. Hidden folders are no classes.
    Raises UsageError for fewer than two classes, folders that are parts of a split, a table that
    cannot be read or names no image, a name that two folders have, and a file of two patients.
    """
    root = Path(root)
    present = [path for name in _classes(root) for path in _inputs(root, name)]
    find = _Paths(root, present)
    patient_of = _patients(find, patients) if patients else {}

    def image(path: str, split: str | None) -> LabelledImage:
        parts = PurePosixPath(path).parts
        label = parts[0] if len(parts) > 1 else ""
        return LabelledImage(path, label, split, patient_of.get(path), source_of(path))

    rows = find.of(splits, _splits(splits)) if splits else []
    return _divided(root, [image(path, split) for path, split in rows], image, present)


def _classes(root: Path) -> list[str]:
    folders = root.iterdir() if root.is_dir() else ()
    classes = sorted(p.name for p in folders if p.is_dir() and not p.name.startswith("."))
    found = ", ".join(classes) or "none"
    if len(classes) < 2:
        raise UsageError(f"{root} should hold one folder for each class; found {found}")
    if {name.lower() for name in classes} <= _PARTS:
        raise UsageError(
            f"{root} should hold one folder for each class; found {found}, which are parts of a "
            "split: put the classes above them (sick/train, sick/test), and name the part of each "
            "file in a table for --splits"
        )
    return classes


def _patients(find: _Paths, table: Path) -> dict[str, str]:
    """Path to patient."""
    patient_of: dict[str, str] = {}
    for path, patient in find.of(table, _table(table, "patient")):
        if patient_of.setdefault(path, patient) != patient:
            raise UsageError(
                f"{table} gives {path} to two patients, {patient_of[path]} and {patient}; a file "
                "is of one"
            )
    return patient_of


def _divided(
    root: Path,
    listed: Sequence[LabelledImage],
    image: Callable[[str, str | None], LabelledImage],
    present: Sequence[str],
) -> Inventory:
    """``listed``, and what is ``present`` besides, as what ``image(path, split)`` makes of it."""
    names, here = {entry.path for entry in listed}, set(present)
    found = [entry for entry in listed if entry.path in here]
    found += [image(path, None) for path in present if path not in names]
    absent = tuple(entry for entry in listed if entry.path not in here)
    return Inventory(root, tuple(sorted(found, key=lambda entry: entry.path)), absent)


def _inputs(root: Path, folder: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_inputs(root / folder).files]


class _Paths:
    """From a name in a table to the path of an image: its path, or its name where that is one."""

    def __init__(self, root: Path, present: Sequence[str]) -> None:
        self.root = root
        self.present = set(present)
        self.by_name: dict[str, list[str]] = {}
        for path in present:
            self.by_name.setdefault(PurePosixPath(path).name, []).append(path)

    def of(self, table: Path, rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """``rows`` (file, value) of ``table`` by path; UsageError where none of them is here."""
        found = [(self._path(file), value) for file, value in rows]
        if not self.present & {path for path, _ in found}:
            raise UsageError(
                f"{table} names no image of {self.root}; it should hold paths such as "
                f"{min(self.present, default='sick/a.png')}"
            )
        return found

    def _path(self, name: str) -> str:
        path = PurePosixPath(name.replace("\\", "/")).as_posix()
        if path in self.present:
            return path
        found = self.by_name.get(path, [path])  # a name with folders is in no by_name
        if len(found) > 1:
            raise UsageError(f"{name} may be {' or '.join(found)}; write the path with its folder")
        return found[0]


def _splits(path: Path) -> list[tuple[str, str]]:
    """File and split of every row."""
    if path.suffix.lower() != ".json":
        return _table(path, "split")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON ({error})") from error
    if not isinstance(content, Mapping) or not all(isinstance(v, list) for v in content.values()):
        raise UsageError(f'{path} should be an object of split to files: {{"train": ["a.png"]}}')
    return [(str(file), split) for split, files in content.items() for file in files]


def _table(path: Path, column: str) -> list[tuple[str, str]]:
    """The columns ``file`` and ``column`` of a CSV file; rows without a value are left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error})") from error
    if not rows or not {"file", column} <= rows[0].keys():
        found = ", ".join(rows[0]) if rows else "no row"
        raise UsageError(f"{path} should have columns file and {column}; found {found}")
    return [(row["file"], row[column]) for row in rows if row["file"] and row[column]]
