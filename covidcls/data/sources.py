"""Where labelled pictures come from: one data set, or several side by side."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from covidcls.data.pictures import (
    POSITIVE,
    LabelledPicture,
    Layout,
    Part,
    check_positive,
    divide,
    paths_of,
    read_class_folders,
    read_covid_ct,
    with_patients,
)
from lungseg.errors import DataWarning, UsageError
from lungseg.patients import read_patients

FoldOf = Callable[[Path, Sequence[LabelledPicture]], Sequence[int]]


@dataclass(frozen=True)
class Source:
    """A data set.

    Args:
        folder: ``covid-ct`` as published, or a folder of class folders.
        layout: ``covid-ct`` or ``folders``.
        positive: with ``folders``, the class of COVID-19.
        patients: with ``folders``, a CSV that says whose slices they are, see
            :func:`lungseg.patients.read_patients`. Without, each file stands for itself, and slices
            of one patient may be on both sides of a split.
    """

    folder: str
    layout: Layout = "folders"
    positive: str = POSITIVE
    patients: str | None = None

    @property
    def name(self) -> str:
        """Of the folder."""
        return Path(self.folder).name


@dataclass(frozen=True)
class Division:
    """How pictures are divided into train and validation.

    ``fold`` None: COVID-CT as published, class folders as they lie in train/ and val/, or by
    ``val_share`` and ``seed`` of the patients. Else ``fold_of(root, pictures)`` is asked, and that
    fold validates. ``everything``: not at all, both parts are all pictures but the test part.
    """

    val_share: float
    seed: int
    fold: int | None
    fold_of: FoldOf
    everything: bool = False


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

    The test part is that of COVID-CT as published, or the folder test/, whatever the division;
    folds are made of all else. Raises UsageError for files that are absent, for the test part of
    class folders that have none, and for a table of the patients of COVID-CT, which names them, or
    another positive class of it.
    """
    root = Path(source.folder)
    check_positive(source.layout, source.positive)
    if source.layout == "covid-ct" and source.patients is not None:
        raise UsageError(
            f"{root} names its patients as COVID-CT does, so that {source.patients} is not read; "
            "leave patients out, or choose the layout folders"
        )
    own = part == "test" or (division.fold is None and not division.everything)
    if source.layout == "covid-ct":
        if own:
            return read_covid_ct(root, part)
        pictures = [*read_covid_ct(root, "train"), *read_covid_ct(root, "val")]
    else:
        pictures = _of_patients(read_class_folders(root, source.positive), source)
        parts = divide(pictures, division.val_share, division.seed)
        if part == "test" and not parts["test"]:
            raise UsageError(f"{root} has no folder test, so no test split; leave --test false")
        if own:
            return parts[part]
        pictures = [picture for picture in pictures if picture.part != "test"]
    if division.everything:
        return pictures
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
    root = Path(source.folder)
    patients = read_patients(Path(source.patients), paths_of(pictures, root))
    if patients.message:
        warnings.warn(patients.message, DataWarning, stacklevel=2)
    return with_patients(pictures, root, patients.of)


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
