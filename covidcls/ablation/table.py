"""The table of an ablation: every row with its figures, its tests, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from covidcls.ablation.cells import REFERENCE
from covidcls.ablation.measure import (
    THRESHOLD,
    Difference,
    auc_of_seeds,
    check_judged_alike,
    difference,
    figures_of,
)
from covidcls.ablation.predictions import CalibratedBy, RowScores
from covidcls.ablation.reliability import Reliability, reliability_of
from lungseg.bootstrap import Interval
from lungseg.errors import UsageError

BACKGROUND = "background"

RULES = {
    "figures": "mean over seeds; 95 % by 2,000 resamples of patients and of seeds, or "
    "Clopper-Pearson over patients where a proportion is 0 or 1; too narrow "
    "where few seeds differ more than patients make them, and over patients alone of one seed",
    "auc": "over folds of the pairs within a fold, which one training ranks: scores of two "
    "trainings are on two scales",
    "threshold": f"a calibrated probability from {THRESHOLD} on is called positive; neither was "
    "chosen on the slices that are judged",
    "calibrated_by": "other folds: the logits of a fold are calibrated (Platt) by those of all "
    "others, each out of fold; other patients: of one split, in five parts by patient; card: on "
    "the slices that are judged, so that figures of the probability flatter",
    "difference": "mean AUC over seeds minus that of the reference; standard error by DeLong "
    "clustered by patient, with the variance over seeds added; interval and p by Student's t "
    "(Satterthwaite's degrees of freedom), since few seeds tell their variance badly. Trainings of "
    "two folds share most slices, which no interval knows of",
    "accuracy_p": "exact McNemar over patients, each called by its mean probability over slices "
    "and seeds",
    "p_holm": "p after Holm over the rows, of AUC and of accuracy each for itself; an effect is "
    "shown where it is below 0.05",
    "smallest": "the true difference of AUC that so many patients and seeds would show with a "
    "power of 0.8 after the first step of Holm",
    "ece": "expected calibration error over 10 bins; resampling adds to it, so that its interval "
    "lies high; by chance: what is to be expected of right probabilities of so many slices and "
    "patients; of folds: of each training alone, since faults of trainings cancel together",
    "slope": "of the logistic regression of the labels on the log-odds: 1 is right, below is too "
    "sure; intercept: by how much the log-odds are too low, 0 is right",
    "floors": "what is known of the class without the disease: a row shows nothing up to there",
}


@dataclass(frozen=True)
class TableRow:
    """A row's figures, AUC of each seed, how far its probabilities can be believed, and its tests;
    None where it is not tested.

    ``p_holm``, ``accuracy_p_holm``: after Holm over the tested rows.
    """

    name: str
    options: Mapping[str, Any]
    figures: Mapping[str, Interval]
    auc_of_seeds: tuple[float, ...]
    reliability: Reliability
    against: Difference | None = None
    p_holm: float | None = None
    accuracy_p_holm: float | None = None


@dataclass(frozen=True)
class Floor:
    """AUC of what does not see the disease; an interval where it is of one split."""

    what: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Table:
    """All rows in their order, the ``reference`` that they are tested against, and floors.

    ``rows`` are judged on the same ``n_images`` slices of ``n_groups`` patients (papers or images,
    as ``clustered_by`` says). ``untested``: why there are no tests, or empty. Of the ``n_cells``
    trainings, ``n_resumed`` were cut off and went on.
    """

    rows: tuple[TableRow, ...]
    reference: str
    seeds: tuple[int, ...]
    n_images: int
    n_positive: int
    n_groups: int
    clustered_by: str
    calibrated_by: CalibratedBy
    floors: tuple[Floor, ...] = ()
    untested: str = ""
    n_cells: int = 0
    n_resumed: int = 0

    @property
    def background(self) -> TableRow | None:
        """The row without lungs, which is printed beside every other, or None."""
        rows = (row for row in self.rows if row.options.get("data.region") == BACKGROUND)
        return next(rows, None)


def table_of(
    rows: Sequence[tuple[RowScores, Mapping[str, Any]]],
    floors: Sequence[Floor] = (),
    reference: str = REFERENCE,
    resumed: Sequence[bool] = (),
) -> Table:
    """Measure ``rows`` (with the options that each changes), and test them against ``reference``.

    Where there is no row of that name, or fewer than two patients of a class, nothing is tested
    and the table says so. ``resumed``: of each training whether it was cut off and went on. Raises
    UsageError for rows that were not judged on the same slices with the same seeds.
    """
    scores = [row for row, _ in rows]
    for row in scores[1:]:
        check_judged_alike(scores[0], row)
    tests, untested = _tests(scores, reference)
    from covidcls.evaluation.paired import holm

    names = list(tests)
    adjusted = dict(zip(names, holm([tests[name].p for name in names]), strict=True))
    of_accuracy = holm([tests[name].accuracy_p for name in names])
    accuracy = dict(zip(names, of_accuracy, strict=True))
    first = scores[0]
    return Table(
        tuple(
            TableRow(
                row.name,
                options,
                figures_of(row),
                tuple(auc_of_seeds(row).tolist()),
                reliability_of(row),
                tests.get(row.name),
                adjusted.get(row.name),
                accuracy.get(row.name),
            )
            for row, options in rows
        ),
        reference,
        first.seeds,
        len(first.labels),
        int(first.labels.sum()),
        len(set(first.patients)),
        first.clustered_by,
        first.calibrated_by,
        tuple(floors),
        untested,
        len(resumed),
        sum(resumed),
    )


def _tests(scores: Sequence[RowScores], reference: str) -> tuple[dict[str, Difference], str]:
    base = next((row for row in scores if row.name == reference), None)
    if base is None:
        return {}, f"there is no row {reference!r} to test against"
    others = [row for row in scores if row is not base]
    try:
        return {row.name: difference(base, row, len(others)) for row in others}, ""
    except UsageError as error:
        return {}, str(error)
