"""Which image belongs to which mask, and which to which patient."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lungseg.errors import UsageError
from lungseg.io import FORMATS, find_inputs
from lungseg.io.formats import format_of_name
from lungseg.io.volumes import VOLUME_SUFFIXES

# ``slice`` last: beside another of these it is the number of the slice in its file
READ_HERE = ("PNG", "JPEG", "TIFF", "BMP", "NIfTI")
NAME_COLUMNS = ("case", "name", "image", "file", "slice")


@dataclass(frozen=True)
class Pair:
    """An image and its mask; ``case`` is their common name, POSIX below the folder, no suffix."""

    case: str
    image: Path
    mask: Path

    @property
    def is_volume(self) -> bool:
        """Whether the image is a NIfTI volume by its name."""
        return self.image.name.lower().endswith(VOLUME_SUFFIXES)


@dataclass(frozen=True)
class Pairs:
    """The pairs by name, and the names of images and masks that are alone."""

    pairs: tuple[Pair, ...]
    images_without_mask: tuple[str, ...] = ()
    masks_without_image: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Of the bytes of all pairs: by it two evaluations are known as of the same data."""
        digest = hashlib.sha256()
        for pair in self.pairs:
            for path in (pair.image, pair.mask):
                digest.update(_digest(path))
        return digest.hexdigest()


def find_pairs(images: Path, masks: Path) -> Pairs:
    """Files of two folders (or two files) whose paths below them differ in the suffix alone.

    Files are pictures and NIfTI volumes; see ``find_inputs``. Raises UsageError when a folder is
    missing, has none, or has one of another format, both are one, two files of a folder have one
    name, or nothing pairs.
    """
    if images.resolve() == masks.resolve():
        raise UsageError(f"{images} is given for images and masks; give the folder of the masks")
    of_image, of_mask = _by_case(images), _by_case(masks)
    common = sorted(of_image.keys() & of_mask.keys())
    if not common:
        raise UsageError(
            f"no image pairs with a mask: they need the same name up to the suffix, but {images} "
            f"has {next(iter(of_image.values())).name}, and {masks} "
            f"{next(iter(of_mask.values())).name}"
        )
    return Pairs(
        tuple(Pair(case, of_image[case], of_mask[case]) for case in common),
        tuple(sorted(of_image.keys() - of_mask.keys())),
        tuple(sorted(of_mask.keys() - of_image.keys())),
    )


def read_patients(path: Path) -> dict[str, str]:
    """Patient by name, from a CSV with a column ``patient`` and one of ``NAME_COLUMNS``.

    A name may have its suffix in the file; rows without patient are left out. Raises UsageError
    for a file that cannot be read, lacks a column, or gives one name to two patients.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the patients in {path}: {error}") from error
    header = lines[0] if lines else ""
    separator = max(",;\t", key=header.count)  # a spreadsheet's CSV may have semicolons
    rows = csv.reader(lines, delimiter=separator)
    columns = [name.strip().lower() for name in next(rows, [])]
    named = next((name for name in NAME_COLUMNS if name in columns), None)
    if named is None or "patient" not in columns:
        raise UsageError(
            f"{path} has the columns {', '.join(columns) or 'of an empty file'}; needed are "
            f"patient and one of {', '.join(NAME_COLUMNS)}"
        )
    patients: dict[str, str] = {}
    for row in rows:
        cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
        name, patient = cells.get(named, ""), cells.get("patient", "")
        if not name or not patient:
            continue
        if patients.setdefault(stem_of(name), patient) != patient:
            raise UsageError(
                f"{path} gives {name} to two patients, {patients[stem_of(name)]} and {patient}; "
                "correct one"
            )
    return patients


def patient_of(case: str, patients: Mapping[str, str]) -> str:
    """The patient of a case by its whole or its last name; empty where no row has it."""
    return patients.get(case) or patients.get(PurePosixPath(case).name, "")


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""  # it gets its row as one that cannot be read


def _by_case(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in find_inputs(root).files:
        known = format_of_name(path)
        if known is not None and known.name not in READ_HERE:
            raise UsageError(
                f"{path} is {known.name}; masks are judged on pictures and on NIfTI volumes, so "
                "convert it, or take it out of the folder"
            )
        case = stem_of(path.name if path == root else path.relative_to(root).as_posix())
        if case in found:
            raise UsageError(
                f"{found[case]} and {path} have one name; pairs are made by it, so remove one"
            )
        found[case] = path
    return found


def stem_of(name: str) -> str:
    """``name`` without the suffix of a known format, if it has one: other dots belong to it."""
    longest_first = sorted((end for known in FORMATS for end in known.extensions), key=len)[::-1]
    for suffix in longest_first:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name
