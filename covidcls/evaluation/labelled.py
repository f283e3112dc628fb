"""The labelled pictures that an evaluation is about, and what its intervals are clustered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from covidcls.data.pictures import (
    PARTS,
    LabelledPicture,
    Part,
    divide,
    read_class_folders,
    read_covid_ct,
)
from covidcls.evaluation.scored import Clusters
from lungseg.errors import UsageError
from lungseg.evaluation.pairs import patient_of, stem_of

Layout = Literal["covid-ct", "folders"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
Split = Literal["train", "val", "test", "all"]
SPLITS: tuple[Split, ...] = get_args(Split)
DEFAULT_SPLIT: dict[Layout, Split] = {"covid-ct": "val", "folders": "all"}

# as a training draws them by default: see CovidDataModule
VAL_SHARE, SPLIT_SEED = 0.2, 0


def read_labelled_pictures(
    root: Path, layout: Layout, positive: str, split: Split
) -> list[LabelledPicture]:
    """The pictures of a split; see :mod:`covidcls.data.pictures`.

    ``covid-ct`` has the published parts; class folders are one, or divided by patient into
    ``train`` and ``val`` as a training does it. Raises UsageError for files and lists that are
    missing, and a test split of class folders.
    """
    if layout == "covid-ct":
        parts: tuple[Part, ...] = PARTS if split == "all" else (split,)
        return [picture for part in parts for picture in read_covid_ct(root, part)]
    if split == "test":
        raise UsageError("class folders have no test split; choose --split all, train or val")
    pictures = read_class_folders(root, positive)
    return pictures if split == "all" else divide(pictures, VAL_SHARE, SPLIT_SEED)[split]


def with_patients(
    pictures: Sequence[LabelledPicture], root: Path, patients: Mapping[str, str]
) -> list[LabelledPicture]:
    """Pictures with the patients of a table (``read_patients``); others keep what they have.

    Raises UsageError when no picture is in the table.
    """
    cases = [stem_of(picture.path.relative_to(root).as_posix()) for picture in pictures]
    named = [patient_of(case, patients) for case in cases]
    if not any(named):
        raise UsageError(
            f"none of the {len(cases)} pictures has a row among the patients (first: {cases[0]}); "
            "the names must be those of the pictures"
        )
    return [
        replace(picture, patient=patient) if patient else picture
        for picture, patient in zip(pictures, named, strict=True)
    ]


def clusters_of(pictures: Sequence[LabelledPicture]) -> Clusters:
    """What most deserve to be called that ``patient`` of these pictures tells apart."""
    if any(picture.patient_known for picture in pictures):
        return "patient"
    if any(picture.patient.startswith("paper:") for picture in pictures):
        return "paper"
    return "image"
