"""The labelled pictures that an evaluation is about, and what its intervals are clustered by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from covidcls.data.class_folders import PARTS, Part
from covidcls.data.pictures import (
    LabelledPicture,
    Layout,
    check_positive,
    divide,
    listed_covid_ct,
    paths_of,
    read_class_folders,
    read_covid_ct,
    with_patients,
)
from lungseg.errors import UsageError
from lungseg.patients import read_patients

Tell = Callable[[str], object]
Split = Literal["train", "val", "test", "all"]
SPLITS: tuple[Split, ...] = get_args(Split)
DEFAULT_SPLIT: dict[Layout, Split] = {"covid-ct": "val", "folders": "all"}


@dataclass(frozen=True)
class Drawing:
    """How validation is drawn from class folders that do not tell it, as in CovidDataModule."""

    val_share: float = 0.2
    split_seed: int = 0

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Drawing:
        """As the training of a card drew it, by default where the card does not say."""
        data = card.get("training", {}).get("recipe", {}).get("data", {})
        return cls(**{one.name: data[one.name] for one in fields(cls) if one.name in data})


@dataclass(frozen=True)
class LabelledData:
    """A split of a data set, as a command is told of it.

    ``positive``: the class of COVID-19, of class folders. ``patients``: a CSV that says whose
    slices they are, see :func:`lungseg.patients.read_patients`.
    """

    root: Path
    layout: Layout
    positive: str
    split: Split
    patients: Path | None = None

    @property
    def name(self) -> str:
        """Of its folder."""
        return self.root.resolve().name

    def of(self, split: Split) -> LabelledData:
        """Another split of it."""
        return replace(self, split=split)

    def pictures(
        self,
        tell: Tell = lambda sentence: None,
        drawing: Drawing = Drawing(),  # noqa: B008  # frozen
    ) -> list[LabelledPicture]:
        """The pictures of the split; see :mod:`covidcls.data.pictures`.

        ``covid-ct`` has the published parts; class folders are one, or divided as they lie in
        train/, val/ and test/, else by patient into ``train`` and ``val`` by ``drawing``. ``tell``
        gets a sentence on rows of ``patients`` that name none. Raises UsageError for files and
        lists that are missing, a table that does not fit, a split of class folders without a
        picture, and another positive class of COVID-CT.
        """
        check_positive(self.layout, self.positive)
        if self.layout == "covid-ct":
            parts: tuple[Part, ...] = PARTS if self.split == "all" else (self.split,)
            pictures = [picture for part in parts for picture in read_covid_ct(self.root, part)]
            if self.patients is None:
                return pictures
            # the table may name files of the other parts
            known = [picture for part in PARTS for picture in listed_covid_ct(self.root, part)]
            return _named(pictures, known, self.root, self.patients, tell)
        pictures = read_class_folders(self.root, self.positive)
        if self.patients is not None:
            pictures = _named(pictures, pictures, self.root, self.patients, tell)
        if self.split == "all":
            return pictures
        divided = divide(pictures, drawing.val_share, drawing.split_seed)
        if self.split == "test" and not divided["test"]:
            raise UsageError(
                f"{self.root} has no folder test, so no test split; choose --split all, train or "
                "val"
            )
        if not divided[self.split]:
            raise UsageError(
                f"none of the {len(pictures)} pictures in {self.root} is in the split "
                f"{self.split}, which is drawn by patient where no folder tells it; choose --split "
                "all"
            )
        return divided[self.split]


def _named(
    pictures: list[LabelledPicture],
    known: Sequence[LabelledPicture],
    root: Path,
    patients: Path,
    tell: Tell,
) -> list[LabelledPicture]:
    found = read_patients(patients, paths_of(known, root))
    if found.message:
        tell(found.message)
    return with_patients(pictures, root, found.of)
