"""The card of a network of every label, from cards and predictions of its folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from covidcls.ablation.predictions import RowScores
from covidcls.ablation.refit import refit_card
from covidcls.ablation.within_folds import auc_within
from covidcls.calibration import Calibration
from lungseg.bootstrap import Interval

N, FOLDS = 300, 3
FLOOR = Interval(0.6, 0.5, 0.7, N, N)
# each fold's card makes another probability of the same logit
OF_FOLDS = [Calibration(1.0 + fold, 0.5 * fold) for fold in range(FOLDS)]


def _card(fold: int) -> dict[str, Any]:
    return {
        "calibration": OF_FOLDS[fold].as_card(),
        "threshold": 0.9,
        "fusion": {"network": 0.1 * 4**fold, "usual": 2.0},
        "half_precision_cost": {"validation_auc": (-1) ** fold * 0.001 * fold},
        "training": {
            "split": f"fold {fold} of {FOLDS}, seed 7",
            "score": 0.8,
            "minutes": 1,
            "data": "a, b",
        },
    }


@pytest.fixture(scope="module")
def found() -> tuple[dict[str, Any], RowScores, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    labels, folds = rng.integers(0, 2, N), np.arange(N) % FOLDS
    logits = rng.normal(1.5 * labels, 1) - 0.5
    said = np.empty(N)
    for fold, calibration in enumerate(OF_FOLDS):
        said[folds == fold] = calibration.probabilities(logits[folds == fold])
    names = tuple(f"{number:03}" for number in range(N))
    scores = RowScores("r", (1,), names, labels, names, folds, said[None], said[None])
    own = {**_card(0), "figures": "of slices learned by heart", "reading": "nothing"}
    sources = ["a" if number < 200 else "b" for number in range(N)]
    floors = {"": FLOOR, "a": FLOOR, "b": FLOOR}
    return (
        refit_card(own, [_card(fold) for fold in range(FOLDS)], scores, sources, floors),
        (scores),
        logits,
    )


def test_calibration_and_thresholds_are_of_all_folds_on_one_scale(found: Any) -> None:
    card, scores, logits = found
    probability = Calibration.from_card(card).probabilities(logits)
    weights = np.where(np.arange(N) < 200, 1 / 200, 1 / 100)
    assert np.average(probability, weights=weights) == pytest.approx(
        np.average(scores.labels, weights=weights), abs=1e-4
    )
    point = card["operating_points"]["youden"]
    assert card["threshold"] == point["threshold"] != 0.9
    called = probability >= point["threshold"]
    assert point["recall"]["value"] == pytest.approx(called[scores.labels == 1].mean(), abs=1e-4)
    assert point["by_source"].keys() == {"a", "b"}


def test_every_figure_is_out_of_fold(found: Any) -> None:
    card, scores, _ = found
    own = np.arange(N) < 200
    for where, here in ((card["figures"]["val"], own | True), (_of(card, "a"), own)):
        expected = auc_within(
            scores.labels[here],
            scores.scores[0][here],
            scores.folds[here],
            np.ones((1, here.sum())),
        )
        assert where["auc"]["value"] == pytest.approx(expected[0], abs=1e-4)
        assert where["ece"]["n"] == here.sum()
    mean = np.mean([_of(card, name)["auc"]["value"] for name in ("a", "b")])
    assert card["figures_by_source"]["val"]["mean_auc"] == pytest.approx(mean, abs=1e-4)
    assert card["floor_by_source"]["b"]["value"] == 0.6
    assert "learned from all of them" in card["reading"]


def test_the_share_of_the_network_and_the_cost_of_halving_are_of_the_folds(found: Any) -> None:
    card, _, _ = found
    assert card["fusion"]["network"] == pytest.approx(0.4)  # the geometric mean of 0.1, 0.4, 1.6
    assert card["fusion"]["usual"] == 2.0
    assert card["half_precision_cost"] == {"validation_auc": 0.002}
    assert card["training"]["split"] == "3 folds by patient and copy, seed 7; then all of them"
    assert card["training"]["score"] is None
    assert card["training"]["folds"] == {"score": [0.8] * 3, "minutes": [1] * 3}


def _of(card: dict[str, Any], source: str) -> dict[str, Any]:
    of_source: dict[str, Any] = card["figures_by_source"]["val"][source]
    return of_source
