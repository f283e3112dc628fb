"""Calibrations that did not see what they calibrate, against a known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from covidcls.ablation.nested import logits_of, parts_of_patients, with_nested_calibration
from covidcls.ablation.predictions import RowScores
from covidcls.ablation.reliability import reliability_of
from covidcls.calibration import Calibration, cross_calibrated

PATIENTS, SLICES, FOLDS = 300, 4, 5
TRUE = Calibration(0.4, -0.8)  # of the logits of every training: too sure, and too often COVID-19
CARDS = [[Calibration(1 + fold, seed - fold) for fold in range(FOLDS)] for seed in range(2)]


def simulated(folds: int = FOLDS) -> RowScores:
    """Logits of two seeds; a patient has one label and is in one fold. What is judged is what each
    card made of the logits."""
    rng = np.random.default_rng(5)
    of_patient = rng.normal(2, 3, PATIENTS)
    labels = (rng.random(PATIENTS) < TRUE.probabilities(of_patient)).astype(int)
    patient = np.repeat(np.arange(PATIENTS), SLICES)
    fold = patient % folds
    logits = np.tile(of_patient[patient], (2, 1))
    judged = np.empty_like(logits)
    for seed in range(2):
        for number in range(folds):
            own = fold == number
            judged[seed, own] = CARDS[seed][number].probabilities(logits[seed, own])
    paths, names = tuple(map(str, range(len(patient)))), tuple(map(str, patient))
    return RowScores("r", (1, 2), paths, labels[patient], names, fold, judged, judged)


def nested(row: RowScores) -> RowScores:
    return with_nested_calibration(row, logits_of(row, CARDS))


def test_out_of_fold_probabilities_are_as_right_as_chance_allows() -> None:
    row = nested(simulated())
    assert row.calibrated_by == "other folds"
    found = reliability_of(row, resamples=20)
    assert found.figures["slope"].value == pytest.approx(1, abs=0.15)
    assert found.figures["intercept"].value == pytest.approx(0, abs=0.25)
    assert found.figures["ece"].value < 1.5 * found.ece_by_chance < 0.1
    by_cards = reliability_of(simulated(), resamples=20)
    assert by_cards.figures["ece"].value > 3 * found.figures["ece"].value


def test_the_labels_of_a_fold_say_nothing_about_its_own_probabilities() -> None:
    row = simulated()
    found = nested(row).probabilities
    own = row.folds == 3
    turned = replace(row, labels=np.where(own, 1 - row.labels, row.labels))
    again = nested(turned).probabilities
    assert again[:, own] == pytest.approx(found[:, own])
    assert again[:, ~own] != pytest.approx(found[:, ~own], abs=0.01)


def test_the_ranking_of_each_training_stays() -> None:
    row = simulated()
    found = nested(row)
    assert (found.scores == row.scores).all()
    for fold in range(FOLDS):
        own = row.folds == fold
        order = np.argsort(row.scores[0, own])
        assert (np.diff(found.probabilities[0, own][order]) >= 0).all()


def test_without_folds_patients_calibrate_each_other() -> None:
    row = simulated(folds=1)
    found = nested(row)
    assert found.calibrated_by == "other patients"
    assert reliability_of(found, resamples=20).ece_of_folds is None
    parts = parts_of_patients(row)
    assert parts is not None
    assert len(set(zip(row.patients, parts.tolist(), strict=True))) == PATIENTS
    assert all(len(set(row.labels[parts == part].tolist())) == 2 for part in range(5))
    logits = [card[0].logits(one) for card, one in zip(CARDS, row.probabilities, strict=True)]
    expected = [cross_calibrated(one, row.labels, parts) for one in logits]
    assert found.probabilities == pytest.approx(np.stack(expected))


def test_one_patient_of_a_class_leaves_the_cards() -> None:
    row = simulated(folds=1)
    alone = replace(row, patients=tuple("only" if label else "x" for label in row.labels))
    found = nested(alone)
    assert found is alone
    assert found.calibrated_by == "card"
