"""Tests of two classifiers on the same slices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from covidcls.evaluation.paired import (
    delong,
    holm,
    mcnemar,
    smallest_detectable_difference,
)
from covidcls.statistics import auc
from lungseg.bootstrap import interval
from lungseg.errors import UsageError

# Ovarian cancer patients of DeLong et al. 1988, as far as no test is missing: albumin, total
# protein, K-G score (high is bad), and whether surgery helped.
OVARIAN = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0
1.6 5.6 5 1  3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1
4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1
3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1
3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1
3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1
3.6 6.6 5 1
"""


def test_delong_gives_the_published_example() -> None:
    """The areas and standard errors that PROC LOGISTIC (ROCCONTRAST) prints for these data."""
    albumin, protein, score, helped = np.array(OVARIAN.split(), float).reshape(-1, 4).T
    labels = helped.astype(int).tolist()
    by_albumin = delong(labels, (-score).tolist(), albumin.tolist())
    assert by_albumin.auc_a == pytest.approx(0.7258, abs=5e-5)
    assert by_albumin.auc_b == pytest.approx(0.7366, abs=5e-5)
    assert by_albumin.standard_error == pytest.approx(0.0953, abs=5e-5)
    by_protein = delong(labels, (-score).tolist(), protein.tolist())
    assert by_protein.difference == pytest.approx(-0.0780, abs=5e-5)
    assert by_protein.standard_error == pytest.approx(0.1046, abs=5e-5)
    assert by_protein.p == pytest.approx(0.456, abs=5e-4)
    assert by_protein.low == pytest.approx(-0.0780 - 1.96 * 0.1046, abs=2e-4)


def slow_variance(labels: np.ndarray, a: np.ndarray, b: np.ndarray, groups: np.ndarray) -> float:
    """Obuchowski 1997 written out for a difference: sums over pairs, then over groups."""

    def kernel(scores: np.ndarray, i: int, j: int) -> float:
        return float(scores[i] > scores[j]) + 0.5 * float(scores[i] == scores[j])

    positive, negative = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    m, n = len(positive), len(negative)
    pairs = {(i, j): kernel(b, i, j) - kernel(a, i, j) for i in positive for j in negative}
    theta = sum(pairs.values()) / (m * n)
    v10 = {i: sum(pairs[i, j] for j in negative) / n for i in positive}
    v01 = {j: sum(pairs[i, j] for i in positive) / m for j in negative}
    names = sorted(set(groups))
    with_positive = len({groups[i] for i in positive})
    with_negative = len({groups[j] for j in negative})
    s10 = s01 = s11 = 0.0
    for name in names:
        x = sum(v10[i] - theta for i in positive if groups[i] == name)
        y = sum(v01[j] - theta for j in negative if groups[j] == name)
        s10, s01, s11 = s10 + x * x, s01 + y * y, s11 + x * y
    s10 *= with_positive / ((with_positive - 1) * m)
    s01 *= with_negative / ((with_negative - 1) * n)
    s11 *= len(names) / (len(names) - 1)
    return s10 / m + s01 / n + 2 * s11 / (m * n)


@given(
    st.lists(st.tuples(st.integers(0, 1), *[st.integers(0, 5)] * 2, st.integers(0, 6)), max_size=25)
)
def test_clustered_delong_agrees_with_the_sums_written_out(
    rows: list[tuple[int, int, int, int]],
) -> None:
    rows = [(1, 3, 4, 7), (1, 2, 0, 8), (0, 1, 2, 8), (0, 5, 1, 9), *rows]
    labels, a, b, groups = (np.array(column) for column in zip(*rows, strict=True))
    found = delong(labels.tolist(), a.tolist(), b.tolist(), groups.astype(str).tolist())
    expected = max(slow_variance(labels, a, b, groups.astype(str)), 0)
    assert found.standard_error**2 == pytest.approx(expected, abs=1e-9)
    one = np.ones((1, len(labels)))
    assert found.difference == pytest.approx(float((auc(labels, b, one) - auc(labels, a, one))[0]))


def test_slices_of_one_patient_widen_the_test_as_they_widen_the_bootstrap() -> None:
    rng = np.random.default_rng(2)
    patients = np.repeat(np.arange(60), 5)
    labels = patients % 2
    own = rng.normal(0, 1, 60)[patients]  # what all slices of a patient share
    a, b = labels + own + rng.normal(0, 0.3, 300), labels * 1.5 + rng.normal(0, 1.5, 300)
    names = [str(patient) for patient in patients]
    clustered = delong(labels.tolist(), a.tolist(), b.tolist(), names)
    independent = delong(labels.tolist(), a.tolist(), b.tolist())
    assert clustered.standard_error > 1.5 * independent.standard_error
    drawn = interval(lambda w: auc(labels, b, w) - auc(labels, a, w), names)
    assert clustered.low == pytest.approx(drawn.low, abs=0.02)
    assert clustered.high == pytest.approx(drawn.high, abs=0.02)


def test_scores_that_rank_alike_do_not_differ() -> None:
    labels, scores = [0, 0, 1, 1, 1], [0.1, 0.5, 0.4, 0.8, 0.9]
    found = delong(labels, scores, [10 * score for score in scores])
    assert (found.difference, found.standard_error, found.p) == (0, 0, 1)


def test_trainings_in_another_order_do_not_differ_by_the_rounding_of_their_sums() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 10)
    for _ in range(20):
        scores = np.round(rng.normal(size=(3, 20)) + labels, 2)
        found = delong(labels.tolist(), scores, scores[[2, 0, 1]])
        assert found.p == 1
        assert found.high - found.low == 0


def test_an_area_that_varies_over_no_patient_is_not_tested() -> None:
    """Two patients a class are no proof, however well apart."""
    found = delong([0, 0, 1, 1], [0, 0, 0, 0], [0.1, 0.2, 0.8, 0.9])
    assert (found.auc_a, found.auc_b, found.standard_error) == (0.5, 1, 0)
    assert np.isnan([found.p, found.low, found.high]).all()
    assert np.isnan(smallest_detectable_difference(found.standard_error))


def test_one_patient_of_a_class_is_too_few() -> None:
    with pytest.raises(UsageError, match="two patients with and two without"):
        delong([0, 0, 1, 1], [1, 2, 3, 4], [2, 1, 4, 3], ["a", "b", "c", "c"])


def test_mcnemar_is_the_sign_test_of_the_answers_that_differ() -> None:
    a = [True] * 20 + [True] * 9 + [False] * 2 + [False] * 5
    b = [True] * 20 + [False] * 9 + [True] * 2 + [False] * 5
    assert mcnemar(a, b) == pytest.approx(binomtest(2, 11).pvalue)
    assert mcnemar(a, a) == 1


def test_holm_multiplies_the_smallest_by_all_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_the_smallest_difference_is_found_as_often_as_its_power_says() -> None:
    rng = np.random.default_rng(0)
    true = smallest_detectable_difference(0.05)
    assert true == pytest.approx(2.8016 * 0.05, abs=1e-4)
    measured = rng.normal(true, 0.05, 20_000)
    assert np.mean(np.abs(measured) > 1.96 * 0.05) == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("labels", "scores", "groups", "told"),
    [
        ([1, 1, 0, 0], [0.1, np.nan, 0.3, 0.2], None, r"shape \(4,\), 1 of them NaN, expected one"),
        ([1, 1, 0, 0], [0.1, 0.2, 0.3], None, r"scores of shape \(3,\).* of the 4 labels"),
        ([1, 1, 2, 2], [0.1, 0.2, 0.3, 0.4], None, "4 labels, expected of 1 and 0"),
        ([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], ["a", "b"], "2 groups, expected as many"),
    ],
)
def test_what_does_not_fit_is_refused(
    labels: list[int], scores: list[float], groups: list[str] | None, told: str
) -> None:
    """A slice without a probability would count as ranked highest."""
    with pytest.raises(UsageError, match=told):
        delong(labels, scores, scores, groups)
