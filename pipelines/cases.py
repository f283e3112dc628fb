"""Cases, each made of the rows of its slices and of nothing else.

So a run that was cut off and resumed has the same cases as an undisturbed one.
"""

from __future__ import annotations

import csv
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple, get_args

import numpy as np

from covidcls.aggregation import AGGREGATE, DEFAULT_RULE, K
from covidcls.operating_point import Band, place
from lungseg.io import Input
from lungseg.io.formats import format_of_name
from pipelines.prediction import Label
from pipelines.results import COLUMNS, cell, fixed
from pipelines.text import in_one, messages_in

CaseBy = Literal["file", "folder"]
CASE_BY: tuple[CaseBy, ...] = get_args(CaseBy)
Kind = Literal["series", "volume", "file", "folder"]

SAID = 4  # sentences of a message, the most frequent first; predictions.csv has them all
KINDS: dict[str, Kind] = {"DICOM": "series", "NIfTI": "volume", "NRRD": "volume", "MHA": "volume"}

Row = Sequence[str]


class Name(NamedTuple):
    """What is one case: its ``path`` (POSIX, below the folder that was given) and ``kind``."""

    path: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Deciding:
    """A slice that decided its case: ``path`` of its input, ``index`` in it, ``probability``,
    ``file`` that it is."""

    path: str
    index: int
    probability: float
    file: str = ""


@dataclass(frozen=True)
class Case:
    """What the slices of one case say together.

    ``slices`` in all, of which ``ok`` were judged. ``probability``: of the slices that are ``ok``
    by ``covidcls.aggregation.DEFAULT_RULE``; None without any, as is ``label``, which is ``COVID``
    from ``threshold`` upwards, and ``band`` as in :class:`pipelines.prediction.Prediction`.
    ``deciding``: the up to ``covidcls.aggregation.K`` slices of highest probability, from the
    highest on: what speaks most for COVID-19, whatever the label.
    ``lung_ml``: area of the lung masks times the distance of slices, summed over the slices that
    are ``ok``; the others, and slices that are missing, add nothing. None where the size of a pixel
    or the distance of slices is not known of all of them.
    ``lesion_fraction``: share of that volume that is lesion; of a single slice without a known size
    the share of its lung. None where stage 1 does not say.
    ``patient_id``: as the rows have it, empty where it is not known; None where they have none.
    ``message``: how many slices have no probability, and what was said of how many slices.
    """

    name: Name
    slices: int
    ok: int
    probability: float | None
    label: Label | None
    threshold: float
    band: Band | None
    deciding: tuple[Deciding, ...]
    lung_ml: float | None
    lesion_fraction: float | None
    message: str
    patient_id: str | None = None


def cases_of(
    rows: Iterable[Row],
    inputs: Sequence[Input],
    by: CaseBy,
    threshold: float,
    band: tuple[float, float] | None,
) -> Iterator[Case]:
    """The cases of the ``rows`` of ``inputs``, in the order of their last slices.

    A series and a volume are each a case, a picture is one (``by`` is ``file``) or all pictures
    directly in a folder are (``folder``). ``band``: probabilities that are no answer. The memory
    that is needed grows with the cases that are open, not with the rows.
    """
    names = [name_of(one, by) for one in inputs]
    last = {name: position for position, name in enumerate(names)}
    growing: dict[Name, _Growing] = {}
    found = zip(inputs, names, _by_input(rows), strict=True)
    for position, (one, name, its_rows) in enumerate(found):
        growing.setdefault(name, _Growing()).add(one.name, its_rows)
        if last[name] == position:
            yield growing.pop(name).case(name, threshold, band)


def name_of(one: Input, by: CaseBy) -> Name:
    """The case that an input belongs to."""
    # what cannot be read at all is known by its extension alone
    named = format_of_name(Path(one.name))
    kind = KINDS.get(one.format or (named.name if named else ""))
    if kind is not None:
        return Name(one.name, kind)
    return (
        Name(str(PurePosixPath(one.name).parent), "folder")
        if by == "folder"
        else Name(one.name, "file")
    )


def rows_in(table: Path) -> Iterator[Row]:
    """The rows of a table of predictions, without its header."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def _by_input(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows of one input after the other: each begins with slice 0."""
    found: list[Row] = []
    for row in rows:
        if found and cell(row, "slice") == "0":
            yield found
            found = []
        found.append(row)
    if found:
        yield found


class _Growing:
    """A case of which some inputs were seen."""

    def __init__(self) -> None:
        self.status: Counter[str] = Counter()
        self.judged: list[Deciding] = []
        self.said: Counter[str] = Counter()
        self.lung: list[float | None] = []  # ml by judged slice
        self.lesion: list[float | None] = []
        self.lesion_fraction: float | None = None  # of the last judged slice
        self.patient_id: str | None = None

    def add(self, path: str, rows: Iterable[Row]) -> None:
        for row in rows:
            status = cell(row, "status")
            self.status[status] += 1
            if len(row) > len(COLUMNS):
                self.patient_id = row[len(COLUMNS)]
            self.said.update(messages_in(cell(row, "message")))
            if status != "ok":
                continue
            index, probability = int(cell(row, "slice")), float(cell(row, "probability"))
            self.judged.append(Deciding(path, index, probability, cell(row, "file")))
            self.lung.append(_number(cell(row, "lung_ml")))
            self.lesion.append(_number(cell(row, "lesion_ml")))
            self.lesion_fraction = _number(cell(row, "lesion_fraction"))

    def case(self, name: Name, threshold: float, band: tuple[float, float] | None) -> Case:
        probability = self._probability()
        deciding = heapq.nlargest(K, self.judged, key=lambda one: one.probability)
        lung, lesion = _sum(self.lung), _sum(self.lesion)
        share = lesion / lung if lung and lesion is not None else None
        if lung is None and len(self.judged) == 1:
            share = self.lesion_fraction
        label: Label | None = None
        if probability is not None:
            label = "COVID" if probability >= threshold else "non-COVID"
        return Case(
            name,
            self.status.total(),
            len(self.judged),
            probability,
            label,
            threshold,
            None if probability is None else place(probability, band),
            tuple(deciding),
            lung,
            share,
            self._message(),
            self.patient_id,
        )

    def _probability(self) -> float | None:
        if not self.judged:
            return None
        values = np.array([one.probability for one in self.judged])
        return float(fixed(AGGREGATE[DEFAULT_RULE](values)))  # as printed, like its label

    def _message(self) -> str:
        slices = self.status.total()
        alone = slices == 1
        counts = [
            status if alone else f"{count} of {slices} slices {status}"
            for status, count in self.status.items()
            if status != "ok"
        ]
        sentences = [
            sentence if count == slices else f"{sentence} ({count} of {slices} slices)"
            for sentence, count in self.said.most_common(SAID)
        ]
        more = len(self.said) - len(sentences)
        return in_one([*counts, *sentences, *([f"and {more} more messages"] if more else [])])


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def _sum(values: Sequence[float | None]) -> float | None:
    """The sum; None where there is none, or one is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
