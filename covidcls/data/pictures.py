"""Labelled pictures of a data set: the official COVID-CT layout, and class folders."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from covidcls.data.class_folders import Part, find_class_folders
from covidcls.data.dicom_patients import dicom_patients
from lungseg.errors import UsageError
from lungseg.patients import paper_of

Layout = Literal["covid-ct", "folders"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
COVID_SHEET = "COVID-CT-MetaInfo.xlsx"
OTHER_SHEET = "NonCOVID-CT-MetaInfo.csv"
POSITIVE = "COVID"  # the class of COVID-19, by its folder
PAPER, FILE = "paper:", "file:"  # how what stands for an unknown patient begins


@dataclass(frozen=True)
class LabelledPicture:
    """A file, its label (1 COVID-19, 0 not), and its patient.

    ``patient``: the published id, or what ``dicom_patients`` calls it; where none is known the
    source paper (``paper:...``), else the file itself (``file:...``). ``source``: the data set
    that it is of, where there are several. ``part``: of a split, where the folder of the file
    tells it.
    """

    path: Path
    label: int
    patient: str
    source: str = ""
    part: Part | None = None

    @property
    def patient_known(self) -> bool:
        """Whether ``patient`` is a patient, not what stands for one."""
        return is_known(self.patient)


def is_known(patient: str) -> bool:
    """Whether ``patient``, as :class:`LabelledPicture` has it, is not what stands for one."""
    return not patient.startswith((PAPER, FILE))


def check_positive(layout: Layout, positive: str) -> None:
    """Raise UsageError for another positive class than the one of COVID-CT, which is fixed."""
    if layout == "covid-ct" and positive != POSITIVE:
        raise UsageError(
            f"the positive class of the layout covid-ct is {POSITIVE}, and {positive!r} would only "
            "be another name for it; leave positive out, or choose the layout folders"
        )


def read_covid_ct(root: Path, part: Part) -> list[LabelledPicture]:
    """One part of the official split of COVID-CT (Zhao et al. 2020).

    Raises UsageError that counts and names the files of this part that are absent.
    """
    pictures = listed_covid_ct(root, part)
    absent = [p.path for p in pictures if not p.path.is_file()]
    if absent:
        named = ", ".join(f"{path.parent.name}/{path.name}" for path in absent[:3])
        raise UsageError(
            f"{len(absent)} of the {len(pictures)} files of the {part} split are not in "
            f"{Path(root) / 'Images-processed'}: {named}{', ...' if len(absent) > 3 else ''}"
        )
    return pictures


def listed_covid_ct(root: Path, part: Part) -> list[LabelledPicture]:
    """All files that are listed for one part of the official split, whether there or not.

    ``Data-split/{COVID,NonCOVID}/{part}CT_*.txt`` name the files of ``Images-processed/CT_*``.
    Raises UsageError where a list is missing.
    """
    root = Path(root)
    if not root.is_dir():
        raise UsageError(f"there is no folder {root}")
    pictures: list[LabelledPicture] = []
    patients = {1: covid_patients(root), 0: other_patients(root)}
    for label, name in ((1, "COVID"), (0, "NonCOVID")):
        listing = root / "Data-split" / name / f"{part}CT_{name}.txt"
        if not listing.is_file():
            raise UsageError(
                f"there is no list {listing}; {root} should hold Data-split/ and Images-processed/ "
                "as COVID-CT is published"
            )
        folder = root / "Images-processed" / f"CT_{name}"
        for file in listing.read_text(encoding="utf-8").split("\n"):
            file = file.strip("\r")
            if file.strip():
                patient = patients[label].get(Path(file).stem) or _group_of(file)
                pictures.append(LabelledPicture(folder / file, label, patient))
    return pictures


def covid_patients(root: Path) -> dict[str, str]:
    """Patient by file stem of the COVID-19 slices, from the published sheet (some are missing)."""
    path = root / COVID_SHEET
    if not path.is_file():
        return {}
    import openpyxl

    rows = openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True)
    next(rows, None)
    found = {}
    for name, patient, *_ in rows:
        if name and patient:
            stem = Path(str(name)).stem if str(name).endswith((".png", ".jpg")) else str(name)
            found[stem] = str(patient)
    return found


def other_patients(root: Path) -> dict[str, str]:
    """Patient by file stem of the other slices, from the published table."""
    path = root / OTHER_SHEET
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {Path(r["image name"]).stem: r["patient id"] for r in csv.DictReader(file)}


def _group_of(name: str) -> str:
    """What stands for the patient of a file of this name: its paper, else itself."""
    paper = paper_of(name)
    return f"{FILE}{name}" if paper is None else f"{PAPER}{paper}"


def read_class_folders(root: Path, positive: str = POSITIVE) -> list[LabelledPicture]:
    """A folder for each class, see ``find_class_folders``; ``positive`` names the one of COVID-19,
    all others are not.

    DICOM files of one patient have one, see ``dicom_patients``; any other file stands for itself.
    Raises UsageError as ``find_class_folders``
    does, and where ``positive`` is missing (naming the classes there are).
    """
    root = Path(root)
    folders = find_class_folders(root)
    labels = {path: folders.label_of(path) for path in folders.files}
    if positive not in labels.values():
        raise UsageError(
            f"{root} should hold one folder for each class, {positive!r} among them; found "
            f"{', '.join(sorted(set(labels.values())))}"
        )
    patients = dicom_patients(root, folders.files)
    return [
        LabelledPicture(
            root / path,
            int(label == positive),
            patients.get(path, f"{FILE}{path}"),
            part=folders.part_of(path),
        )
        for path, label in labels.items()
    ]


def paths_of(pictures: Iterable[LabelledPicture], root: Path) -> list[str]:
    """POSIX, below ``root``, by which tables name them."""
    return [picture.path.relative_to(root).as_posix() for picture in pictures]


def with_patients(
    pictures: Sequence[LabelledPicture], root: Path, patients: Mapping[str, str]
) -> list[LabelledPicture]:
    """Pictures with the ``patients`` (by path below ``root``) that a table gives; others keep what
    they have."""
    named = zip(pictures, paths_of(pictures, root), strict=True)
    return [replace(one, patient=patients.get(path, one.patient)) for one, path in named]


def divide(
    pictures: Sequence[LabelledPicture], val_share: float, seed: int
) -> dict[Part, list[LabelledPicture]]:
    """Each picture in the part that its folder tells. Where no folder tells validation, it is drawn
    from the others by patient: a stable hash of patient and ``seed`` decides."""
    parts: dict[Part, list[LabelledPicture]] = {"train": [], "val": [], "test": []}
    drawn = all(picture.part != "val" for picture in pictures)
    for picture in pictures:
        part = picture.part or "train"
        if part == "train" and drawn:
            digest = hashlib.sha256(f"{seed}:{picture.patient}".encode()).digest()
            part = "val" if int.from_bytes(digest[:8], "big") < val_share * 2**64 else "train"
        parts[part].append(picture)
    return parts


def split_sha256(parts: Iterable[tuple[str, LabelledPicture]]) -> str:
    """Sha256 of the lines ``part,file name,label,patient``, in any order."""
    lines = sorted(f"{part},{p.path.name},{p.label},{p.patient}" for part, p in parts)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
