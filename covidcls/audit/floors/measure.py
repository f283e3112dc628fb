"""Floors measured: cross-validated by independent unit, and on the splits as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.floors.features import Features
from covidcls.audit.floors.floor import Floor
from covidcls.audit.floors.forest import auc_interval, forest_scores
from covidcls.audit.inventory import LabelledImage

TRAIN = "train"  # the split that is learned from
_FOLDS = 5
FEWEST_UNITS = 2 * _FOLDS  # of each class, on each side; an interval over fewer says nothing

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class FloorReport:
    """``floors``, and ``unmeasured``: a sentence for each test that there was too little for."""

    floors: tuple[Floor, ...]
    unmeasured: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Test:
    """``folds``: indices to learn from and to score; no image is scored twice."""

    tested_on: str | None
    folds: Sequence[tuple[Indices, Indices]]


def measure_floors(
    images: Sequence[LabelledImage],
    units: Sequence[str],
    features: Iterable[Features],
    seed: int = 0,
    workers: int = 1,
) -> FloorReport:
    """The floor of each of ``features``, cross-validated, then from train to each other split.

    ``images``, ``units`` (see ``units.independent_units``) and the rows of ``features`` go
    together; leave out what could not be read. ``workers``: threads.
    """
    classes = _Classes(images, units)
    tests, unmeasured = _tests(images, classes, seed)
    floors = [_floor(one, test, classes, seed, workers) for one in features for test in tests]
    return FloorReport(tuple(floors), tuple(unmeasured))


class _Classes:
    """Who belongs to which class: ``labels`` count from 0, ``names`` says of what."""

    def __init__(self, images: Sequence[LabelledImage], units: Sequence[str]) -> None:
        names, labels = np.unique([image.label for image in images], return_inverse=True)
        self.names: list[str] = names.tolist()
        self.labels: NDArray[np.int_] = labels
        self.units = list(units)

    def too_few(self, part: Indices) -> str:
        """Why nothing can be measured on ``part``; empty where it can."""
        if len(self.names) < 2:
            return "there are not two classes"
        held: dict[int, set[str]] = {}
        for index in part.tolist():
            held.setdefault(int(self.labels[index]), set()).add(self.units[index])
        for label, name in enumerate(self.names):
            n = len(held.get(label, ()))
            if n < FEWEST_UNITS:
                return (
                    f"{name} has {n} independent patients, papers or files there, and "
                    f"{FEWEST_UNITS} are needed"
                )
        return ""


def _tests(
    images: Sequence[LabelledImage], classes: _Classes, seed: int
) -> tuple[list[_Test], list[str]]:
    """What can be tested, and sentences about what cannot."""
    tests: list[_Test] = []
    unmeasured: list[str] = []
    if few := classes.too_few(np.arange(len(images))):
        unmeasured.append(f"no floor by cross-validation: {few}")
    else:
        tests.append(_Test(None, _folds(classes, seed)))
    splits = np.array([image.split or "" for image in images])
    others = sorted({*splits.tolist()} - {TRAIN, ""})
    train = np.flatnonzero(splits == TRAIN)
    for split in others:
        tested = np.flatnonzero(splits == split)
        if not len(train):
            unmeasured.append(f"no floor on {split}: no image is in a split named {TRAIN}")
        elif few := classes.too_few(train):
            unmeasured.append(f"no floor from {TRAIN} to {split}: in {TRAIN}, {few}")
        elif few := classes.too_few(tested):
            unmeasured.append(f"no floor on {split}: {few}")
        else:
            tests.append(_Test(split, [(train, tested)]))
    return tests, unmeasured


def _folds(classes: _Classes, seed: int) -> list[tuple[Indices, Indices]]:
    from sklearn.model_selection import StratifiedGroupKFold

    dealt = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    return list(dealt.split(classes.labels, classes.labels, classes.units))


def _floor(one: Features, test: _Test, classes: _Classes, seed: int, workers: int) -> Floor:
    scores = np.zeros((len(classes.labels), len(classes.names)))
    for train, tested in test.folds:
        seen = (one.values[train], classes.labels[train])
        scores[tested] = forest_scores(seen, one.values[tested], seed, workers)
    scored = np.concatenate([tested for _, tested in test.folds])
    auc = auc_interval(classes.labels[scored], scores[scored], [classes.units[i] for i in scored])
    return Floor(one.name, one.saw, auc, one.neutral, test.tested_on, one.caveat)
