"""Figures of a binary classifier, vectorised over weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)

from covidcls.statistics import at_threshold, auc, brier, ece, figures, pr_auc
from lungseg.errors import UsageError


@st.composite
def labelled_scores(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of both classes, scores with many ties, and whole-number weights."""
    n = draw(st.integers(2, 40))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    labels[0], labels[1] = 0, 1
    scores = draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))
    weights = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    weights[0], weights[1] = max(weights[0], 1), max(weights[1], 1)
    return np.array(labels), np.array(scores) / 6, np.array(weights, float)


@given(labelled_scores())
def test_weighted_auc_agrees_with_scikit_learn_ties_included(
    case: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    labels, scores, weights = case
    rows = np.stack([weights, np.ones_like(weights)])
    expected = [roc_auc_score(labels, scores, sample_weight=row) for row in rows]
    assert auc(labels, scores, rows) == pytest.approx(expected)


@given(labelled_scores())
def test_weighted_average_precision_and_brier_agree_with_scikit_learn(
    case: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    labels, scores, weights = case
    for ours, theirs in ((pr_auc, average_precision_score), (brier, brier_score_loss)):
        [found] = ours(labels, scores, weights[None])
        assert found == pytest.approx(theirs(labels, scores, sample_weight=weights))


def test_calibration_error_is_the_weighted_gap_of_the_bins() -> None:
    labels = np.array([0, 1, 1, 1, 0])
    scores = np.array([0.12, 0.18, 0.95, 1.0, 0.5])
    # bins 0.1 to 0.2: |0.30 - 1| of two; 0.9 to 1: |1.95 - 2|; 0.5 to 0.6: |0.5 - 0|
    assert ece(labels, scores, np.ones((1, 5)))[0] == pytest.approx((0.7 + 0.05 + 0.5) / 5)
    assert ece(labels, scores, np.array([[0, 0, 1, 3, 0.0]]))[0] == pytest.approx(0.05 / 4)


@given(labelled_scores(), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_figures_at_a_threshold_agree_with_scikit_learn(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: float
) -> None:
    labels, scores, weights = case
    called = (scores >= threshold).astype(int)
    found = {k: v[0] for k, v in at_threshold(labels, scores, threshold, weights[None]).items()}
    options = {"sample_weight": weights, "zero_division": np.nan}
    assert found["accuracy"] == pytest.approx(accuracy_score(labels, called, sample_weight=weights))
    assert found["recall"] == pytest.approx(recall_score(labels, called, **options))
    assert found["specificity"] == pytest.approx(recall_score(1 - labels, 1 - called, **options))
    assert found["precision"] == pytest.approx(
        precision_score(labels, called, **options), nan_ok=True
    )
    assert found["npv"] == pytest.approx(
        precision_score(1 - labels, 1 - called, **options), nan_ok=True
    )
    assert found["f1"] == pytest.approx(f1_score(labels, called, **options))
    both = (found["recall"] + found["specificity"]) / 2
    assert found["balanced_accuracy"] == pytest.approx(both)
    assert found["mcc"] == pytest.approx(matthews_corrcoef(labels, called, sample_weight=weights))


def test_auc_of_one_class_is_not_a_number_row_by_row() -> None:
    labels, scores = np.array([0, 1]), np.array([0.2, 0.8])
    assert auc(labels, scores, np.array([[1.0, 1], [0, 2], [2, 0]])) == pytest.approx(
        [1, np.nan, np.nan], nan_ok=True
    )


def test_figures_need_both_classes_and_say_so() -> None:
    with pytest.raises(UsageError, match="both classes"):
        figures([1, 1], [0.2, 0.8], 0.5, ["a", "b"])


def test_figures_come_with_intervals_over_patients() -> None:
    rng = np.random.default_rng(1)
    labels = [0, 1] * 30
    scores = (np.array(labels) * 0.4 + rng.random(60) * 0.6).tolist()
    patients = [f"p{n // 6}" for n in range(60)]
    found = figures(labels, scores, 0.5, patients)
    assert list(found) == [
        "auc",
        "pr_auc",
        "accuracy",
        "recall",
        "specificity",
        "precision",
        "npv",
        "f1",
        "balanced_accuracy",
        "mcc",
        "brier",
        "ece",
    ]
    assert found["auc"].value == pytest.approx(roc_auc_score(labels, scores))
    for one in found.values():
        assert one.low < one.value < one.high
        assert (one.n, one.n_groups) == (60, 10)


def test_six_of_six_are_no_certainty() -> None:
    """Of six patients with three slices each, and of one without the disease too many."""
    labels = [1] * 18 + [0] * 10
    scores = [0.9] * 18 + [0.8] + [0.1] * 9
    patients = [f"p{n // 3}" for n in range(18)] + [f"q{n}" for n in range(10)]
    found = figures(labels, scores, 0.5, patients)
    recall, npv = found["recall"], found["npv"]
    assert (recall.value, recall.high) == (1, 1)
    assert recall.low == pytest.approx(0.5407, abs=1e-4)  # of 6, not of 18
    assert npv.low == pytest.approx(0.025 ** (1 / 9))
    assert found["precision"].low > 0.54 and found["precision"].high == 1  # by resamples
    assert found["specificity"].low < 0.9


def test_the_vectorised_intervals_agree_with_patients_drawn_one_by_one() -> None:
    rng = np.random.default_rng(5)
    patients = np.array([f"p{n}" for n in rng.integers(0, 15, 80)])
    labels = np.array([int(name[1:]) % 2 for name in patients])
    scores = np.clip(labels * 0.3 + rng.random(80) * 0.7, 0, 1)
    fast = figures(labels.tolist(), scores.tolist(), 0.5, patients.tolist())
    slow: dict[str, list[float]] = {"auc": [], "pr_auc": [], "accuracy": [], "mcc": []}
    for _ in range(1000):
        drawn = rng.choice(np.unique(patients), 15)
        rows = np.concatenate([np.flatnonzero(patients == name) for name in drawn])
        truth, score = labels[rows], scores[rows]
        if len(set(truth)) == 2:
            slow["auc"].append(roc_auc_score(truth, score))
            slow["pr_auc"].append(average_precision_score(truth, score))
            slow["accuracy"].append(accuracy_score(truth, score >= 0.5))
            slow["mcc"].append(matthews_corrcoef(truth, score >= 0.5))
    for name, values in slow.items():
        expected = np.percentile(values, (2.5, 97.5))
        assert (fast[name].low, fast[name].high) == pytest.approx(expected, abs=0.03), name
