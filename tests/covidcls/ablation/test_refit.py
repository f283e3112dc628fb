"""The card of a network of every label, from cards and predictions of its folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from covidcls.ablation.predictions import RowScores
from covidcls.ablation.refit import Judged, refit_card
from covidcls.calibration import Calibration, fit_calibration
from covidcls.data.sampling import alike
from covidcls.fusion import Fusion
from covidcls.statistics import brier
from covidcls.within_folds import auc_within
from lungseg.bootstrap import Interval
from lungseg.errors import UsageError
from lungseg.lung_mask import FINDINGS

N, FOLDS = 300, 3
FLOOR = Interval(0.6, 0.5, 0.7, N, N)
SOURCES = ["a" if number < 200 else "b" for number in range(N)]
# each fold's card makes another probability of the same logit, and a fusion of another scale
OF_FOLDS = [Calibration(1.0 + fold, 0.5 * fold) for fold in range(FOLDS)]


def card_of(fold: int, scale: float) -> dict[str, Any]:
    """A card with findings of which the second counts ``scale`` times."""
    cost = {
        "validation_auc": (0.001, -0.003, 0.002)[fold],
        "largest_difference_of_probability": 0.01 * fold,
    }
    return {
        "calibration": OF_FOLDS[fold].as_card(),
        "threshold": 0.9,
        "segmenter": {"sha256": "one"},
        "fusion": Fusion(0.5, 0.1 * 4**fold, (0.0, scale), 2.0).as_card(),
        "half_precision_cost": cost,
        "training": {
            "split": f"fold {fold} of {FOLDS}",
            "score": 0.8,
            "minutes": 1,
            "resumed": fold == 1,
            "data": "a, b",
            "recipe": {"data": {"split_seed": 7}},
        },
    }


@pytest.fixture(scope="module")
def judged() -> tuple[RowScores, np.ndarray[Any, Any], Judged]:
    """What folds say of N slices, a third of whose patients are unknown, and their logits."""
    rng = np.random.default_rng(0)
    labels, folds = rng.integers(0, 2, N), np.arange(N) % FOLDS
    logits = rng.normal(1.5 * labels, 1) - 0.5
    said = np.empty(N)
    for fold, calibration in enumerate(OF_FOLDS):
        said[folds == fold] = calibration.probabilities(logits[folds == fold])
    paths = tuple(f"{number:03}" for number in range(N))
    # two slices a patient, both in one fold
    patients = tuple(
        f"{number // 6}-{number % 3}" if number < 200 else f"file:{path}"
        for number, path in enumerate(paths)
    )
    scores = RowScores("r", (1,), paths, labels, patients, folds, said[None], said[None])
    findings = [np.array([1.0, one], np.float32) for one in rng.normal(size=N)]
    return scores, logits, Judged(SOURCES, findings, {"": FLOOR, "a": FLOOR, "b": FLOOR})


@pytest.fixture(scope="module")
def card(judged: tuple[RowScores, np.ndarray[Any, Any], Judged]) -> dict[str, Any]:
    scores, _, slices = judged
    own = {**card_of(0, 8.0), "figures": "of slices learned by heart", "reading": "nothing"}
    return refit_card(own, [card_of(fold, 2.0**fold) for fold in range(FOLDS)], scores, slices)


def test_calibration_and_thresholds_are_of_all_folds_on_one_scale(
    card: dict[str, Any], judged: Any
) -> None:
    scores, logits, _ = judged
    probability = Calibration.from_card(card).probabilities(logits)
    weights = alike(SOURCES)
    mean = np.average(scores.labels, weights=weights)
    assert np.average(probability, weights=weights) == pytest.approx(mean, abs=1e-4)
    point = card["operating_points"]["youden"]
    assert card["threshold"] == point["threshold"] != 0.9
    called = probability >= point["threshold"]
    assert point["recall"]["value"] == pytest.approx(called[scores.labels == 1].mean(), abs=1e-4)
    assert point["by_source"].keys() == {"a", "b"}


def test_every_figure_is_out_of_fold(card: dict[str, Any], judged: Any) -> None:
    scores, logits, _ = judged
    nested, weights = np.empty(N), np.array(alike(SOURCES))
    for fold in range(FOLDS):
        here = scores.folds == fold
        of_others = fit_calibration(logits[~here], scores.labels[~here], weights[~here].tolist())
        nested[here] = of_others.probabilities(logits[here])
    of_a = np.arange(N) < 200
    for found, here in (
        (card["figures"]["val"], of_a | True),
        (card["figures_by_source"]["val"]["a"], of_a),
    ):
        one, labels = np.ones((1, here.sum())), scores.labels[here]
        auc = auc_within(labels, scores.scores[0][here], scores.folds[here], one)[0]
        assert found["auc"]["value"] == pytest.approx(auc, abs=1e-4)
        assert found["brier"]["value"] == pytest.approx(
            brier(labels, nested[here], one)[0], abs=1e-4
        )
    by_source = card["figures_by_source"]["val"]
    mean = np.mean([by_source[name]["auc"]["value"] for name in ("a", "b")])
    assert by_source["mean_auc"] == pytest.approx(mean, abs=1e-4)
    assert card["floor_by_source"]["b"]["value"] == 0.6
    assert "learned from all of them" in card["reading"]
    assert "100 of the 300 slices name no patient (b)" in card["reading"]


def test_calibration_errors_stand_beside_those_of_chance_and_the_band_is_counted(
    card: dict[str, Any], judged: Any
) -> None:
    _, logits, _ = judged
    probability = Calibration.from_card(card).probabilities(logits)
    low, high = card["indeterminate"]["low"], card["indeterminate"]["high"]
    for name, here in (("a", slice(200)), ("b", slice(200, N))):
        found = card["reliability"][name]
        inside = (probability[here] >= low) & (probability[here] < high)
        assert (found["n"], found["indeterminate"]) == (len(inside), inside.sum())
        of_source = card["figures_by_source"]["val"][name]
        assert (found["ece"], found["brier"]) == (of_source["ece"], of_source["brier"])
        assert 0 < found["ece_by_chance"] < 0.2


def test_patients_are_judged_by_every_rule_where_they_are_known(
    card: dict[str, Any], judged: Any
) -> None:
    scores, _, _ = judged
    known = [one for one in scores.patients if not one.startswith("file:")]
    found = card["patients"]
    assert found["n"] == len(set(known)) < len(known)
    assert {"mean", "max", "top_k", "noisy_or"} <= found.keys()
    assert 0.5 < found["mean"]["auc"]["value"] <= 1
    for name, point in found["operating_points"].items():
        assert point["threshold"] == card["operating_points"][name]["threshold"]
        assert 0 <= point["recall"]["value"] <= 1


def test_the_fusion_has_the_scale_of_its_folds(card: dict[str, Any]) -> None:
    """Findings of 8 where the folds have 1, 2 and 4: what is calibrated with them is a quarter."""
    assert card["fusion"]["network"] == pytest.approx(0.4)  # the geometric mean of 0.1, 0.4, 1.6
    assert card["fusion"]["findings"] == pytest.approx([0, 2])
    assert card["fusion"]["usual"] == pytest.approx(2.0 / 4)
    assert card["fusion"]["intercept"] == pytest.approx(0.5 / 4)
    assert card["fusion"]["version"] == FINDINGS


def test_the_training_says_of_what_folds_it_is(card: dict[str, Any]) -> None:
    training = card["training"]
    assert training["split"] == (
        "3 folds by patient, paper, copy and run of numbers, seed 7; then all of them"
    )
    assert training["score"] is None
    assert training["folds"] == {
        "score": [0.8] * 3,
        "minutes": [1] * 3,
        "resumed": [False, True, False],
    }
    assert card["half_precision_cost"] == {
        "validation_auc": -0.003,  # the worst of the folds
        "largest_difference_of_probability": 0.0,  # of the weights themselves
    }


def test_trainings_with_two_stages_one_are_refused(judged: Any) -> None:
    scores, _, slices = judged
    other = {**card_of(1, 1.0), "segmenter": {"sha256": "other"}}
    with pytest.raises(UsageError, match="had not one stage 1"):
        refit_card(card_of(0, 1.0), [card_of(0, 1.0), other, card_of(2, 1.0)], scores, slices)
