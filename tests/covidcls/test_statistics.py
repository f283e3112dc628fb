"""Figures of a binary classifier, vectorised over weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from covidcls.statistics import at_threshold, auc, figures
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
    assert found["f1"] == pytest.approx(f1_score(labels, called, **options))


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
    assert list(found) == ["auc", "accuracy", "recall", "specificity", "precision", "f1"]
    assert found["auc"].value == pytest.approx(roc_auc_score(labels, scores))
    for one in found.values():
        assert one.low < one.value < one.high
        assert (one.n, one.n_groups) == (60, 10)
