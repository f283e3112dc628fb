"""Calibration and operating points from all folds of a row, as a card has them.

A card of one training has those of its own validation, a hundred slices or so; out of fold every
slice has a logit of a network that did not train on its patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import RowScores
from covidcls.calibration import fit_calibration
from covidcls.data.sampling import alike
from covidcls.operating_point import DEFAULT_AIM, choose_band, choose_operating_points


def chosen_on_folds(
    row: RowScores, logits: NDArray[np.float64], sources: Sequence[str] | None = None
) -> dict[str, Any]:
    """What the card of a further training by the recipe of ``row`` may say, instead of what its own
    validation chose: ``card | chosen_on_folds(...)``.

    ``logits``: S x N of :func:`covidcls.ablation.nested.logits_of`; those of all seeds count.
    ``sources``: the name of the data set of each slice, which count alike; None is one for all.
    """
    n_seeds, n_folds = len(row.seeds), len(set(row.folds.tolist()))
    labels = np.tile(row.labels, n_seeds).tolist()
    source = None if sources is None else [*sources] * n_seeds
    calibration = fit_calibration(logits.ravel(), labels, None if source is None else alike(source))
    probabilities = calibration.probabilities(logits.ravel()).tolist()
    points = choose_operating_points(labels, probabilities, row.patients * n_seeds, source)
    alike_too = "" if source is None else ", sources counting alike"
    each = "a training" if n_seeds == 1 else f"{n_seeds} trainings"
    where = f"the validation slices of {n_folds} folds, {each} of each"
    return {
        "calibration": {**calibration.as_card(), "fitted_on": f"{where}, by log loss{alike_too}"},
        "threshold": points[DEFAULT_AIM]["threshold"],
        "threshold_chosen_by": f"Youden on {where}",
        "operating_points": points,
        "indeterminate": choose_band(labels, probabilities, source),
    }
