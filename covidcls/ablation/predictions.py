"""What a cell says of the slices that it is judged on, and the rows that cells make."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from covidcls.evaluation.scored import Clusters, clusters_of
from lungseg.errors import UsageError
from lungseg.whole_file import write_whole

COLUMNS = ("path", "truth", "patient", "probability")
# "card": by the card of the training
CalibratedBy = Literal["card", "other folds", "other patients"]
Known = tuple[str, int, str]  # of a slice: path, label and patient, as of a JudgedSlice


@dataclass(frozen=True)
class JudgedSlice:
    """A picture (``path`` below the data's folder), its label, and the probability of COVID-19.

    ``patient`` as in :class:`covidcls.data.pictures.LabelledPicture`.
    """

    path: str
    truth: int
    patient: str
    probability: float


@dataclass(frozen=True, eq=False)
class RowScores:
    """N slices as S trainings of one recipe see them.

    ``scores`` S x N rank the slices of one fold, and say nothing across folds, which other
    trainings judged; ``probabilities`` S x N in [0, 1], ``calibrated_by`` what. ``labels`` N of 1
    and 0, ``folds`` N of their numbers (0 where there are none), ``patients`` and ``paths`` of N,
    ``seeds`` of S.
    """

    name: str
    seeds: tuple[int, ...]
    paths: tuple[str, ...]
    labels: NDArray[np.int_]
    patients: tuple[str, ...]
    folds: NDArray[np.int_]
    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    calibrated_by: CalibratedBy = "card"

    def of(self, own: NDArray[np.bool_]) -> RowScores:
        """Those of the slices where ``own`` (N) is true."""
        kept = np.flatnonzero(own)
        return replace(
            self,
            paths=tuple(self.paths[i] for i in kept),
            labels=self.labels[kept],
            patients=tuple(self.patients[i] for i in kept),
            folds=self.folds[kept],
            scores=self.scores[:, kept],
            probabilities=self.probabilities[:, kept],
        )

    @property
    def clustered_by(self) -> Clusters:
        """What most deserve to be called that ``patients`` tells apart."""
        return clusters_of(self.patients)


def write_predictions(file: Path, slices: Sequence[JudgedSlice]) -> None:
    """A row a slice, in COLUMNS; names of bytes that are no UTF-8 come back as they were."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    # every digit: rounding makes ties where a network hardly tells slices apart
    writer.writerows((s.path, s.truth, s.patient, repr(s.probability)) for s in slices)
    write_whole(file, text.getvalue().encode("utf-8", "surrogateescape"))


def read_predictions(file: Path) -> list[JudgedSlice]:
    """What :func:`write_predictions` wrote. Raises UsageError for a file of another kind."""
    with file.open(newline="", encoding="utf-8", errors="surrogateescape") as stream:
        rows = list(csv.reader(stream))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise UsageError(f"{file} is no table of {', '.join(COLUMNS)}; remove its folder")
    return [JudgedSlice(path, int(truth), who, float(p)) for path, truth, who, p in rows[1:]]


def kept_predictions(
    file: Path,
    judge: Callable[[], Sequence[JudgedSlice]],
    now: Collection[Known] | None = None,
) -> list[JudgedSlice]:
    """What is kept in ``file``, judged first where it is not there.

    ``now``: the slices, labels and patients that there are; where others were judged, these are
    judged again. None asks nothing.
    """
    if file.is_file():
        kept = read_predictions(file)
        if now is None or {(s.path, s.truth, s.patient) for s in kept} == set(now):
            return kept
    write_predictions(file, judge())
    return read_predictions(file)


def row_scores(
    name: str, seeds: Sequence[int], of_seed: Sequence[Sequence[Sequence[JudgedSlice]]]
) -> RowScores:
    """A row of its trainings: ``of_seed`` has of each seed the slices of each fold, in any order.

    Raises UsageError where seeds did not judge the same slices, or a class is missing.
    """
    ordered = [
        sorted(
            ((one, fold) for fold, slices in enumerate(folds) for one in slices),
            key=lambda judged: judged[0].path,
        )
        for folds in of_seed
    ]
    first, fold_of = [one for one, _ in ordered[0]], [fold for _, fold in ordered[0]]
    known = [(s.path, s.truth, s.patient, fold) for s, fold in ordered[0]]
    if any([(s.path, s.truth, s.patient, fold) for s, fold in one] != known for one in ordered):
        raise UsageError(
            f"the trainings of {name} did not judge the same slices; use another --out"
        )
    labels = np.array([one.truth for one in first], int)
    if len(set(labels.tolist())) < 2:
        raise UsageError(f"{name} was judged on {len(first)} slices, and not of both classes")
    probabilities = np.array([[one.probability for one, _ in slices] for slices in ordered])
    return RowScores(
        name,
        tuple(seeds),
        tuple(one.path for one in first),
        labels,
        tuple(one.patient for one in first),
        np.array(fold_of, int),
        probabilities,
        probabilities,
    )
