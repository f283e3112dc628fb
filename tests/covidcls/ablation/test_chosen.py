"""What all folds together choose for a card."""

from __future__ import annotations

import numpy as np
import pytest

from covidcls.ablation.chosen import chosen_on_folds
from covidcls.ablation.predictions import RowScores
from covidcls.calibration import Calibration
from covidcls.operating_point import AIM_NAMES, band_of, thresholds_of

TRUE = Calibration(0.5, -1.0)


def test_a_card_with_it_is_calibrated_and_cut_by_the_slices_of_all_folds() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(1, 3, (2, 400))
    labels = (rng.random(400) < TRUE.probabilities(logits.mean(axis=0))).astype(int)
    names = tuple(str(number // 2) for number in range(400))
    row = RowScores("r", (1, 2), names, labels, names, np.arange(400) % 5, logits, logits)
    own = {"calibration": {"slope": 9, "intercept": 9}, "threshold": 0.1, "region": "crop"}
    card = own | chosen_on_folds(row, logits)
    assert card["region"] == "crop"
    assert tuple(thresholds_of(card)) == AIM_NAMES
    assert card["threshold"] == thresholds_of(card)["youden"]
    low, high = band_of(card) or (1, 0)
    assert low < high
    assert card["threshold_chosen_by"].startswith("Youden on the validation slices of 5 folds, 2 ")
    said = Calibration.from_card(card).probabilities(logits)
    assert said.mean() == pytest.approx(labels.mean(), abs=1e-4)
    sensitive = card["operating_points"]["sensitive"]
    reached = (said[:, labels == 1] >= sensitive["threshold"]).mean()
    assert reached == pytest.approx(sensitive["recall"]["value"], abs=1e-4)
    assert sensitive["recall"]["n_groups"] == 200  # patients, not seeds of patients
