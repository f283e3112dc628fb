"""The tables behind the figures, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from covidcls.evaluation import curves
from covidcls.evaluation.scored import Scored
from covidcls.statistics import ece


def test_recall_is_the_highest_at_no_more_false_alarms(scored: Scored) -> None:
    table = curves.roc(scored)
    rates, recalls, _ = roc_curve(scored.labels, scored.probabilities, drop_intermediate=False)
    expected = [max(recalls[rates <= x + 1e-9]) for x in table["false_positive_rate"]]
    assert table["recall"] == pytest.approx(expected)


def test_precision_is_that_of_the_first_threshold_with_the_recall(scored: Scored) -> None:
    table = curves.precision_recall(scored)
    precisions, recalls, thresholds = precision_recall_curve(scored.labels, scored.probabilities)
    for recall, precision in zip(table["recall"], table["precision"], strict=True):
        first = np.flatnonzero(recalls[:-1] >= recall - 1e-9)[-1]  # thresholds rise
        assert precision == pytest.approx(precisions[first]), (recall, thresholds[first])


def test_bands_are_those_of_patients_drawn_one_by_one(scored: Scored) -> None:
    table, rng = curves.roc(scored), np.random.default_rng(0)
    names = np.array(scored.groups)
    drawn = []
    for _ in range(200):
        chosen = rng.choice(np.unique(names), scored.n_groups)
        rows = np.concatenate([np.flatnonzero(names == name) for name in chosen])
        rates, recalls, _ = roc_curve(scored.labels[rows], scored.probabilities[rows])
        drawn.append([max(recalls[rates <= x + 1e-9]) for x in (0.1, 0.3)])
    expected = np.percentile(drawn, (2.5, 97.5), axis=0)
    places = [np.argmin(np.abs(table["false_positive_rate"] - x)) for x in (0.1, 0.3)]
    assert table["low"][places] == pytest.approx(expected[0], abs=0.08)
    assert table["high"][places] == pytest.approx(expected[1], abs=0.08)


def test_the_bins_of_reliability_are_those_of_the_calibration_error(scored: Scored) -> None:
    # scikit-learn's bins are open below, ours above: no score on an edge
    moved = np.clip(scored.probabilities + 0.001, 0, 0.999)
    table = curves.reliability(Scored(scored.labels, moved, scored.groups))
    share, mean = calibration_curve(scored.labels, moved, n_bins=10)
    assert table["share"] == pytest.approx(share)
    assert table["probability"] == pytest.approx(mean)
    assert table["n"].sum() == 150
    error = (table["n"] * np.abs(table["share"] - table["probability"])).sum() / 150
    [expected] = ece(scored.labels, moved, np.ones((1, 150)))
    assert error == pytest.approx(expected)


def test_bins_without_slices_are_left_out() -> None:
    table = curves.reliability(Scored(np.array([0, 1]), np.array([0.05, 1.0]), ("a", "b")))
    assert table["from"].tolist() == pytest.approx([0, 0.9])


def test_the_wrong_slices_of_the_matrix_are_those_of_the_histogram(scored: Scored) -> None:
    matrix = curves.confusion_matrix(scored, 0.5)
    histogram = curves.misclassified(scored, 0.5)
    tp, fn, fp, tn = matrix["n"]
    assert (tp + fn, fp + tn) == (scored.labels.sum(), (1 - scored.labels).sum())
    assert tp == np.sum((scored.probabilities >= 0.5) & (scored.labels == 1))
    assert (histogram["false_positives"].sum(), histogram["false_negatives"].sum()) == (fp, fn)
    assert histogram["false_positives"][histogram["to"] <= 0.5].sum() == 0
    assert histogram["false_negatives"][histogram["from"] >= 0.5].sum() == 0


def test_net_benefit_is_true_positives_less_the_price_of_false_ones(scored: Scored) -> None:
    table = curves.decision_curve(scored)
    place = int(np.argmin(np.abs(table["threshold"] - 0.4)))
    called = scored.probabilities >= table["threshold"][place]
    tp, fp = np.sum(called & (scored.labels == 1)), np.sum(called & (scored.labels == 0))
    assert table["net_benefit"][place] == pytest.approx((tp - fp * 0.4 / 0.6) / 150)
    share = scored.labels.mean()
    assert table["all"][place] == pytest.approx(share - (1 - share) * 0.4 / 0.6)
    assert (table["low"] <= table["high"]).all()
