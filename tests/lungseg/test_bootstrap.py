"""Intervals that resample whole patients."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg import bootstrap
from lungseg.bootstrap import (
    Interval,
    draw_weights,
    interval,
    intervals,
    mean_interval,
    of_few,
    of_proportion,
)


def test_the_vectorised_resampling_agrees_with_a_slow_one() -> None:
    rng = np.random.default_rng(3)
    groups = [f"p{n}" for n in rng.integers(0, 12, 60)]
    values = rng.normal(size=60) + np.array([int(g[1:]) for g in groups]) / 4
    fast = mean_interval(values, groups)

    means = []
    names = sorted(set(groups))
    for _ in range(2000):
        chosen = rng.choice(names, len(names))
        drawn = [v for name in chosen for v, g in zip(values, groups, strict=True) if g == name]
        means.append(np.mean(drawn))
    low, high = np.percentile(means, (2.5, 97.5))
    assert fast.value == pytest.approx(values.mean())
    assert fast.low == pytest.approx(low, abs=0.06)
    assert fast.high == pytest.approx(high, abs=0.06)
    assert (fast.n, fast.n_groups) == (60, len(names))


def test_a_group_is_drawn_whole() -> None:
    groups = ["b", "a", "b", "c", "a"]
    [weights] = draw_weights(groups, resamples=50)
    assert weights.shape == (50, 5)
    assert np.array_equal(weights[:, 0], weights[:, 2])
    assert np.array_equal(weights[:, 1], weights[:, 4])
    assert np.array_equal(weights[:, 0] + weights[:, 1] + weights[:, 3], np.full(50, 3.0))


def test_many_slices_are_resampled_in_blocks_to_the_same_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, groups = np.arange(30.0), [f"p{n // 3}" for n in range(30)]
    whole = mean_interval(values, groups)
    monkeypatch.setattr(bootstrap, "AT_ONCE", 100)
    blocks = list(draw_weights(groups, resamples=50))
    assert [len(block) for block in blocks] == [3] * 16 + [2]
    assert mean_interval(values, groups) == whole


def test_slices_of_one_patient_make_the_interval_wider_not_narrower() -> None:
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(size=20), 10)  # ten equal slices a patient
    patients = [f"p{n}" for n in np.repeat(np.arange(20), 10)]
    by_patient = mean_interval(values, patients)
    by_image = mean_interval(values, [str(n) for n in range(200)])
    assert by_patient.value == by_image.value
    assert by_patient.high - by_patient.low > 2 * (by_image.high - by_image.low)
    assert (by_patient.n_groups, by_image.n_groups) == (20, 200)


def test_one_group_has_no_spread_to_show() -> None:
    found = mean_interval(np.array([0.2, 0.4]), ["p", "p"])
    assert (found.low, found.value, found.high) == pytest.approx((0.3, 0.3, 0.3))
    assert found.n_groups == 1


def test_resamples_without_an_answer_are_left_out() -> None:
    def first_or_nan(weights: np.ndarray) -> np.ndarray:
        return np.where(weights[:, 0] > 0, 5.0, np.nan)

    found = interval(first_or_nan, ["a", "b", "c"])
    assert (found.low, found.high) == (5, 5)


def test_several_figures_of_the_same_resamples_are_those_of_one_by_one() -> None:
    values = np.stack([np.arange(9.0), np.arange(9.0) ** 2, np.full(9, np.nan)], axis=1)
    groups = list("aabbccdde")
    first, second, none = intervals(lambda w: w @ values / 9, groups)
    assert first == interval(lambda w: w @ values[:, 0] / 9, groups)
    assert second == interval(lambda w: w @ values[:, 1] / 9, groups)
    assert np.isnan([none.value, none.low, none.high]).all()  # no resample has an answer


def test_the_same_seed_gives_the_same_interval() -> None:
    values, groups = np.arange(9.0), list("aabbccdde")
    assert mean_interval(values, groups, seed=4) == mean_interval(values, groups, seed=4)
    assert mean_interval(values, groups, seed=4) != mean_interval(values, groups, seed=5)


def test_a_card_gets_four_digits_and_no_nan() -> None:
    none = interval(lambda w: np.full(len(w), np.nan), ["a", "b"])
    assert none.as_dict() == {"value": None, "low": None, "high": None, "n": 2, "n_groups": 2}
    found = mean_interval(np.array([1 / 3, 1 / 3]), ["a", "b"])
    assert found.as_dict() == {
        "value": 0.3333,
        "low": 0.3333,
        "high": 0.3333,
        "n": 2,
        "n_groups": 2,
    }


@pytest.mark.parametrize("n_groups", [1, 2, 6, 250])
def test_a_proportion_of_all_or_none_has_the_interval_of_clopper_and_pearson(n_groups: int) -> None:
    from scipy.stats import binomtest

    for value, hits in ((1.0, n_groups), (0.0, 0)):
        found = of_proportion(Interval(value, value, value, 3 * n_groups, 300), n_groups)
        expected = binomtest(hits, n_groups).proportion_ci(method="exact")
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
        assert (found.value, found.n, found.n_groups) == (value, 3 * n_groups, 300)


def test_other_proportions_keep_their_resamples() -> None:
    for found in (Interval(0.5, 0.5, 0.5, 2, 1), Interval(0.9, 0.7, 1, 9, 9)):
        assert of_proportion(found, 3) is found
    nothing = interval(lambda w: np.full(len(w), np.nan), ["a", "b"])
    assert np.isnan(of_proportion(nothing, 0).low)


def test_intervals_over_few_groups_are_told() -> None:
    assert of_few(1, "patient") == "one patient alone gives intervals without width"
    assert of_few(9, "volume") == "an interval over 9 volumes is a range, not more"
    assert of_few(10, "patient") is None
    assert of_few(0, "patient") is None
