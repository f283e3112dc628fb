"""Figures over patients and seeds, and tests of one row against another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from covidcls.ablation.measure import FIGURES, auc_of_seeds, difference, figures_of
from covidcls.ablation.predictions import RowScores
from covidcls.evaluation.paired import delong, mcnemar, smallest_detectable_difference
from lungseg.bootstrap import draw_weights
from lungseg.errors import UsageError

LABELS = np.arange(60) % 2
PATIENTS = tuple(f"p{number // 4 * 2 + number % 2}" for number in range(60))  # two slices each


def row(name: str, effect: float, seeds: int = 3, spread: float = 0.0) -> RowScores:
    """Scores that know the label by ``effect``; seeds differ by ``spread``."""
    rng = np.random.default_rng(4)  # the same slices are hard in every row
    noise = rng.random(60) + spread * np.random.default_rng(len(name)).random((seeds, 60))
    scores = (noise + effect * LABELS) / (1 + effect + spread)
    paths = tuple(f"{number}.png" for number in range(60))
    folds, numbers = np.zeros(60, int), tuple(range(seeds))
    return RowScores(name, numbers, paths, LABELS, PATIENTS, folds, scores, scores)


def slow_figures(one: RowScores, seed: int) -> np.ndarray:
    """Resamples written out: slices repeated as often as drawn, figures by scikit-learn."""
    from sklearn import metrics

    found = []
    rng = np.random.default_rng(seed)
    for weights in draw_weights(one.patients, 20, seed):
        drawn = rng.multinomial(len(one.seeds), np.full(len(one.seeds), 1 / len(one.seeds)), 20)
        for counts, seeds in zip(weights.astype(int), drawn, strict=True):
            slices = np.repeat(np.arange(60), counts)
            truth, values = one.labels[slices], []
            for number in np.repeat(np.arange(len(one.seeds)), seeds):
                scores = one.probabilities[number, slices]
                called = (scores >= 0.5).astype(int)
                values.append(
                    (
                        metrics.roc_auc_score(truth, scores),
                        metrics.accuracy_score(truth, called),
                        metrics.recall_score(truth, called),
                        metrics.recall_score(truth, called, pos_label=0),
                        metrics.precision_score(truth, called),
                        metrics.f1_score(truth, called),
                    )
                )
            found.append(np.mean(values, axis=0))
    return np.percentile(found, (2.5, 97.5), axis=0)


def test_a_recall_of_1_in_every_training_is_no_certainty() -> None:
    one = row("crop", 0.5, seeds=3)
    sure = np.where(LABELS == 1, 0.9, one.probabilities)
    found = figures_of(replace(one, probabilities=sure))
    assert found["recall"].value == found["recall"].high == 1
    assert found["recall"].low == pytest.approx(0.025 ** (1 / 15))  # of 15 patients with 30 slices
    assert 0 < found["specificity"].low < found["specificity"].high < 1
    once = np.stack([sure[0], sure[1], one.probabilities[2]])
    assert figures_of(replace(one, probabilities=once))["recall"].low > 0.5


def test_intervals_are_those_of_patients_and_seeds_drawn_one_by_one() -> None:
    one = row("crop", 0.5, spread=1.0)
    fast = figures_of(one, resamples=20, seed=3)
    low, high = slow_figures(one, seed=3)
    assert tuple(fast) == FIGURES
    assert [figure.low for figure in fast.values()] == pytest.approx(low)
    assert [figure.high for figure in fast.values()] == pytest.approx(high)
    assert fast["auc"].value == pytest.approx(auc_of_seeds(one).mean())
    assert (fast["auc"].n, fast["auc"].n_groups) == (60, 30)


def test_a_difference_is_that_of_the_mean_auc_and_not_of_the_ensemble() -> None:
    full, crop = row("full", 0.2, spread=2.0), row("crop", 0.6, spread=2.0)
    found = difference(full, crop)
    assert found.auc == pytest.approx(float((auc_of_seeds(crop) - auc_of_seeds(full)).mean()))
    ensemble = delong(
        LABELS.tolist(), full.probabilities.mean(0), crop.probabilities.mean(0), PATIENTS
    )
    assert abs(found.auc - ensemble.difference) > 0.01


def test_equal_seeds_leave_the_clustered_delong_test_alone() -> None:
    full, crop = row("full", 0.2), row("crop", 0.6)
    found = difference(full, crop)
    one = delong(LABELS.tolist(), full.probabilities[0], crop.probabilities[0], PATIENTS)
    assert found.standard_error == pytest.approx(one.standard_error)
    assert found.freedom == pytest.approx(len(set(PATIENTS)) - 2)
    assert found.p == pytest.approx(one.p, abs=0.02)  # of the normal, not of Student's t


def test_seeds_that_disagree_widen_the_difference() -> None:
    full, crop = row("full", 0.2, spread=2.0), row("crop", 0.6, spread=2.0)
    patients_alone = delong(LABELS.tolist(), full.probabilities, crop.probabilities, PATIENTS)
    of_seeds = auc_of_seeds(crop) - auc_of_seeds(full)
    expected = patients_alone.standard_error**2 + of_seeds.var(ddof=1) / 3
    assert difference(full, crop).standard_error ** 2 == pytest.approx(expected)


def test_a_variance_of_three_seeds_is_read_by_students_t() -> None:
    """Rows that no patient tells apart and seeds do: two degrees of freedom, not a normal."""
    full = row("full", 0.2)
    moved = full.scores + np.array([[0.0], [0.3], [0.9]]) * LABELS
    found = difference(full, replace(full, name="crop", scores=moved))
    assert 2 < found.freedom < 5
    width = found.high - found.auc
    assert width == pytest.approx(t.ppf(0.975, found.freedom) * found.standard_error)
    assert found.p == pytest.approx(2 * t.sf(found.auc / found.standard_error, found.freedom))


def test_the_smallest_difference_is_of_as_many_tests_as_the_table_has() -> None:
    full, crop = row("full", 0.2), row("crop", 0.6)
    alone, of_ten = difference(full, crop), difference(full, crop, tests=10)
    expected = smallest_detectable_difference(
        alone.standard_error, alpha=0.005, freedom=alone.freedom
    )
    assert of_ten.smallest == pytest.approx(expected)
    assert of_ten.smallest > alone.smallest


def test_rows_of_other_folds_are_not_compared() -> None:
    full = row("full", 0.2)
    with pytest.raises(UsageError, match="not judged on the same slices"):
        difference(full, replace(full, name="crop", folds=np.arange(60) // 30))


def test_accuracy_is_tested_over_patients_and_not_over_slices() -> None:
    full, crop = row("full", 0.1), row("crop", 2.0)
    names = sorted(set(PATIENTS))

    def right(one: RowScores) -> list[bool]:
        mean = {name: one.probabilities[:, np.array(PATIENTS) == name].mean() for name in names}
        return [(mean[name] >= 0.5) == (int(name[1:]) % 2 == 1) for name in names]

    assert difference(full, crop).accuracy_p == pytest.approx(mcnemar(right(full), right(crop)))


def test_rows_of_other_seeds_are_not_compared() -> None:
    with pytest.raises(UsageError, match="crop and full were not judged on the same slices"):
        difference(row("full", 0.2), row("crop", 0.6, seeds=2))
