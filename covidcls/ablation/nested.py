"""Probabilities of slices that their calibration did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import CalibratedBy, RowScores
from covidcls.calibration import Calibration, cross_calibrated

FOLDS = 5  # of the patients, where the data were not judged in folds


def logits_of(row: RowScores, of_cards: Sequence[Sequence[Calibration]]) -> NDArray[np.float64]:
    """Logits S x N of the trainings: ``of_cards``, by seed and fold, made the probabilities."""
    logits = np.empty_like(row.probabilities)
    for seed, calibrations in enumerate(of_cards):
        for fold, calibration in enumerate(calibrations):
            own = row.folds == fold
            logits[seed, own] = calibration.logits(row.probabilities[seed, own])
    return logits


def with_nested_calibration(
    row: RowScores, logits: NDArray[np.float64], weights: Sequence[float] | None = None
) -> RowScores:
    """``row`` with probabilities by calibrations that were fitted on other slices.

    That of a training's card was fitted on the very slices that it is judged on. Here each fold of
    the ``logits`` S x N is calibrated by those of all others, out of fold as its own are. Without
    folds the patients are divided into five parts, which stand for folds; with one patient of a
    class there are none, and ``row`` stays as it is. ``weights``: how much each slice counts.
    """
    in_folds = len(set(row.folds.tolist())) > 1
    parts = row.folds if in_folds else parts_of_patients(row)
    if parts is None:
        return row
    nested = np.stack([cross_calibrated(one, row.labels, parts, weights) for one in logits])
    by: CalibratedBy = "other folds" if in_folds else "other patients"
    return replace(row, probabilities=nested, calibrated_by=by)


def parts_of_patients(row: RowScores) -> NDArray[np.int_] | None:
    """FOLDS parts of the patients of one split, fewer where a class has fewer; the number of the
    part of each slice. None where a class has one patient."""
    from sklearn.model_selection import StratifiedGroupKFold

    names = np.asarray(row.patients)
    fewest = min(len(set(names[row.labels == label].tolist())) for label in (0, 1))
    if fewest < 2:
        return None
    divide = StratifiedGroupKFold(min(FOLDS, fewest), shuffle=True, random_state=0)
    parts = np.empty(len(names), int)
    for part, (_, own) in enumerate(divide.split(names, row.labels, names)):
        parts[own] = part
    return parts
