"""Calibration and operating points from all folds of a row, as a card has them.

A card of one training has those of its own validation, a hundred slices or so; out of fold every
slice has a logit of a network that did not train on its patient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import RowScores
from covidcls.calibration import fit_calibration
from covidcls.operating_point import DEFAULT_AIM, choose_band, choose_operating_points


def chosen_on_folds(row: RowScores, logits: NDArray[np.float64]) -> dict[str, Any]:
    """What the card of a further training by the recipe of ``row`` may say, instead of what its own
    validation chose: ``card | chosen_on_folds(...)``.

    ``logits``: S x N of :func:`covidcls.ablation.nested.logits_of`; those of all seeds count.
    """
    n_seeds, n_folds = len(row.seeds), len(set(row.folds.tolist()))
    labels = np.tile(row.labels, n_seeds).tolist()
    calibration = fit_calibration(logits.ravel(), labels)
    probabilities = calibration.probabilities(logits.ravel()).tolist()
    points = choose_operating_points(labels, probabilities, row.patients * n_seeds)
    where = f"the validation slices of {n_folds} folds, {n_seeds} trainings of each"
    return {
        "calibration": {**calibration.as_card(), "fitted_on": f"{where}, by log loss"},
        "threshold": points[DEFAULT_AIM]["threshold"],
        "threshold_chosen_by": f"Youden on {where}",
        "operating_points": points,
        "indeterminate": choose_band(labels, probabilities),
    }
