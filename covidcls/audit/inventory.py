"""The labelled images of a data set, with their split, patient and source paper."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from covidcls.audit.findings import CROSSINGS, Crossing
from covidcls.data.class_folders import PARTS, find_class_folders
from covidcls.data.pictures import listed_covid_ct
from lungseg.errors import UsageError
from lungseg.io import find_inputs
from lungseg.name_table import FileNames, plain, read_name_table
from lungseg.patients import paper_of, read_patients


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

    ``unlisted``: images that are in no split, though there are splits. ``messages``: sentences on
    what the tables say of no file.
    """

    root: Path
    images: tuple[LabelledImage, ...]
    absent: tuple[LabelledImage, ...] = ()
    messages: tuple[str, ...] = ()

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
            published.append(LabelledImage(path, label, part, patient, paper_of(path)))
    present = _inputs(root, "Images-processed")
    known = {image.path: image for image in published}

    def image(path: str, split: str | None) -> LabelledImage:
        if path in known:
            return replace(known[path], split=split)
        label = PurePosixPath(path).parent.name.removeprefix("CT_")
        return LabelledImage(path, label, split, source=paper_of(path))

    rows = _split_rows(root, present, splits) if splits else []
    listed = [image(path, split) for path, split in rows] if splits else published
    return _divided(root, listed, image, present)


def class_folders(
    root: Path, splits: Path | None = None, patients: Path | None = None
) -> Inventory:
    """One folder for each class, whose name is the label; see ``find_class_folders``.

    ``splits``: a CSV with columns ``file`` and ``split``, or a JSON object of split to files, in
    place of the split that folders tell; ``patients``: a CSV with columns ``file`` and ``patient``.
    What the names in them may be: see ``FileNames``. Raises UsageError as ``find_class_folders``
    and ``read_patients`` do, and for splits that cannot be read or name no image.
    """
    root = Path(root)
    folders = find_class_folders(root)
    known = read_patients(patients, folders.files) if patients else None

    def image(path: str, split: str | None) -> LabelledImage:
        patient = known.of.get(path) if known else None
        return LabelledImage(path, folders.label_of(path), split, patient, paper_of(path))

    rows: Sequence[tuple[str, str | None]]
    if splits:
        rows = _split_rows(root, folders.files, splits)
    else:
        rows = [(path, folders.part_of(path)) for path in folders.files]
    inventory = _divided(root, [image(path, split) for path, split in rows], image, folders.files)
    return replace(inventory, messages=(known.message,)) if known and known.message else inventory


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


def _split_rows(root: Path, present: Sequence[str], table: Path) -> list[tuple[str, str]]:
    """Path and split of every row; UsageError where none of them is here."""
    names = FileNames(present)
    rows = [(names.find(name), name, split) for name, split in _splits(table)]
    if not any(path for path, _, _ in rows):
        raise UsageError(
            f"{table} names no image of {root}; it should hold paths such as "
            f"{min(present, default='sick/a.png')}"
        )
    return [(path or plain(name), split) for path, name, split in rows]


def _splits(path: Path) -> list[tuple[str, str]]:
    """File and split of every row."""
    if path.suffix.lower() != ".json":
        return read_name_table(path, "split")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON ({error})") from error
    if not isinstance(content, Mapping) or not all(isinstance(v, list) for v in content.values()):
        raise UsageError(f'{path} should be an object of split to files: {{"train": ["a.png"]}}')
    return [(str(file), split) for split, files in content.items() for file in files]
