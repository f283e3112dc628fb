"""Where labelled pictures come from: one data set, or several side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from covidcls.data.pictures import (
    LabelledPicture,
    Part,
    divide,
    read_class_folders,
    read_covid_ct,
)
from lungseg.errors import UsageError

Layout = Literal["covid-ct", "folders"]
FoldOf = Callable[[Path, Sequence[LabelledPicture]], Sequence[int]]


@dataclass(frozen=True)
class Source:
    """A data set.

    Args:
        folder: ``covid-ct`` as published, or a folder of class folders.
        layout: ``covid-ct`` or ``folders``.
        positive: with ``folders``, the class of COVID-19.
        patients: with ``folders``, a CSV that says whose slices they are, as ``evaluate cls`` reads
            it. Without, each file stands for itself, and slices of one patient may be on both
            sides of a split.
    """

    folder: str
    layout: Layout = "folders"
    positive: str = "COVID"
    patients: str | None = None

    @property
    def name(self) -> str:
        """Of the folder."""
        return Path(self.folder).name


@dataclass(frozen=True)
class Division:
    """How pictures are divided into train and validation.

    ``fold`` None: COVID-CT as published, class folders by ``val_share`` and ``seed`` of the
    patients. Else ``fold_of(root, pictures)`` is asked, and that fold validates.
    """

    val_share: float
    seed: int
    fold: int | None
    fold_of: FoldOf


def common_folder(sources: Sequence[Source]) -> Path:
    """The folder that all ``sources`` lie in; of one, its own.

    Raises UsageError where there is none, as of a relative and an absolute path.
    """
    folders = [source.folder for source in sources]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:
        raise UsageError(
            f"the sources {' and '.join(folders)} have no folder in common ({error}); give all of "
            "them from the root, or all from here"
        ) from error


def read_source(source: Source, part: Part, division: Division) -> list[LabelledPicture]:
    """The pictures of one part.

    The test part is that of COVID-CT as published, whatever the division; folds are made of what
    it calls train and validation. Raises UsageError for files that are absent, and for the test
    part of class folders.
    """
    root = Path(source.folder)
    if source.layout == "covid-ct" and (part == "test" or division.fold is None):
        return read_covid_ct(root, part)
    if part == "test":
        raise UsageError("class folders have no test split; leave --test false")
    if source.layout == "covid-ct":
        pictures = [*read_covid_ct(root, "train"), *read_covid_ct(root, "val")]
    else:
        pictures = _of_patients(read_class_folders(root, source.positive), source)
    if division.fold is None:
        return divide(pictures, division.val_share, division.seed)[part]
    folds = division.fold_of(root, pictures)
    validates = part == "val"
    return [
        picture
        for picture, fold in zip(pictures, folds, strict=True)
        if (fold == division.fold) == validates
    ]


def _of_patients(pictures: list[LabelledPicture], source: Source) -> list[LabelledPicture]:
    if source.patients is None:
        return pictures
    from covidcls.evaluation.labelled import with_patients
    from lungseg.evaluation.pairs import read_patients

    return with_patients(pictures, Path(source.folder), read_patients(Path(source.patients)))


def read_sources(
    sources: Sequence[Source], part: Part, division: Division
) -> list[LabelledPicture]:
    """The pictures of one part of all ``sources``, in their order; each knows its source.

    With several, a patient has the name of its source before its own: two data sets both have a
    "Patient 1". Raises UsageError as :func:`read_source`, and for two folders of one name.
    """
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        raise UsageError(
            f"two sources are in folders of one name ({', '.join(names)}); rename one, since "
            "results are told apart by it"
        )
    pictures = []
    for source in sources:
        for picture in read_source(source, part, division):
            patient = picture.patient
            if len(sources) > 1:
                kind = "" if picture.patient_known else patient.partition(":")[0] + ":"
                patient = f"{kind}{source.name}/{patient.removeprefix(kind)}"
            pictures.append(replace(picture, patient=patient, source=source.name))
    return pictures
