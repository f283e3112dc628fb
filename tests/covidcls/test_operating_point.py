"""Where a score is cut into two answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covidcls.operating_point import (
    AIM_NAMES,
    band_of,
    choose_band,
    choose_operating_points,
    cost_threshold,
    place,
    sensitive_threshold,
    specific_threshold,
    thresholds_of,
    youden_threshold,
)

LABELLED_SCORES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), max_size=40)


ANYWHERE = np.linspace(-0.1, 1.1, 49)


def both_classes(pairs: list[tuple[int, int]]) -> tuple[list[int], list[float]]:
    """Labels and scores from 0 to 1, with a positive and a negative at 0.5."""
    return [0, 1, *(label for label, _ in pairs)], [0.5, 0.5, *(score / 6 for _, score in pairs)]


def reached(labels: list[int], scores: list[float], threshold: float) -> tuple[float, float]:
    """Recall and specificity of ``scores >= threshold``, the plain way."""
    called, truth = np.array(scores) >= threshold, np.array(labels) == 1
    return float(called[truth].mean()), float((~called)[~truth].mean())


def test_youden_stands_midway_where_recall_plus_specificity_is_highest() -> None:
    labels, scores = [0, 0, 1, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.8, 0.9, 0.9]
    # 3/4 + 1 between 0.4 and 0.8, and 1 + 2/3 between 0.2 and 0.3
    assert youden_threshold(labels, scores) == pytest.approx(0.6)
    assert youden_threshold([0, 1], [0.3, 0.5]) == pytest.approx(0.4)


@given(LABELLED_SCORES)
def test_no_threshold_does_better_than_youden(pairs: list[tuple[int, int]]) -> None:
    labels, scores = both_classes(pairs)
    best = sum(reached(labels, scores, youden_threshold(labels, scores)))
    assert all(sum(reached(labels, scores, t)) <= best + 1e-12 for t in ANYWHERE)


@given(LABELLED_SCORES, st.sampled_from([0.5, 0.8, 0.95]))
def test_recall_and_specificity_aimed_at_are_reached_and_no_more_is_paid(
    pairs: list[tuple[int, int]], aim: float
) -> None:
    labels, scores = both_classes(pairs)
    recall, specificity = reached(labels, scores, sensitive_threshold(labels, scores, aim=aim))
    assert recall >= aim
    assert all(
        reached(labels, scores, t)[1] <= specificity
        for t in ANYWHERE
        if reached(labels, scores, t)[0] >= aim
    )
    recall, specificity = reached(labels, scores, specific_threshold(labels, scores, aim=aim))
    possible = [t for t in ANYWHERE if t <= 1 and reached(labels, scores, t)[1] >= aim]
    assert specificity >= aim or not possible
    assert all(reached(labels, scores, t)[0] <= recall for t in possible)


@given(LABELLED_SCORES, st.sampled_from([0.2, 1.0, 5.0]))
def test_no_threshold_costs_less(pairs: list[tuple[int, int]], cost_of_a_miss: float) -> None:
    labels, scores = both_classes(pairs)

    def cost(threshold: float) -> float:
        called = np.array(scores) >= threshold
        misses = np.sum(~called & (np.array(labels) == 1))
        return float(cost_of_a_miss * misses + np.sum(called & (np.array(labels) == 0)))

    found = cost(cost_threshold(labels, scores, cost_of_a_miss=cost_of_a_miss))
    assert all(found <= cost(t) + 1e-9 for t in ANYWHERE if t <= 1)


def test_a_threshold_needs_both_classes_of_every_source() -> None:
    with pytest.raises(ValueError, match="both classes"):
        youden_threshold([1, 1], [0.2, 0.8])
    with pytest.raises(ValueError, match="of every source"):
        youden_threshold([0, 1, 1], [0.1, 0.2, 0.8], ["a", "a", "b"])


TWO_SOURCES = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 6), st.sampled_from("ab")), max_size=60
)


@given(TWO_SOURCES)
def test_every_source_gets_what_is_aimed_at_and_counts_as_much(
    found: list[tuple[int, int, str]],
) -> None:
    labels = [0, 1, 0, 1, *(label for label, _, _ in found)]
    scores = [0.5, 0.5, 0.4, 0.4, *(score / 6 for _, score, _ in found)]
    sources = [*"aabb", *(source for _, _, source in found)]

    def each(threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        recall, specificity, cost = [], [], []
        for source in "ab":
            own = [i for i, one in enumerate(sources) if one == source]
            truth = [labels[i] for i in own]
            one = reached(truth, [scores[i] for i in own], threshold)
            recall.append(one[0])
            specificity.append(one[1])
            sick = np.mean(truth)
            cost.append(5 * (1 - one[0]) * sick + (1 - one[1]) * (1 - sick))
        return np.array(recall), np.array(specificity), np.array(cost)

    recall, best, _ = each(sensitive_threshold(labels, scores, sources))
    assert (recall >= 0.95).all()
    assert all((each(t)[1] <= best).all() for t in ANYWHERE if (each(t)[0] >= 0.95).all())
    best, specificity, _ = each(specific_threshold(labels, scores, sources))
    possible = [t for t in ANYWHERE if t <= 1 and (each(t)[1] >= 0.95).all()]
    assert (specificity >= 0.95).all() or not possible
    assert all((each(t)[0] <= best).all() for t in possible)
    recall, specificity, _ = each(youden_threshold(labels, scores, sources))
    most = (recall + specificity).mean()
    assert all(sum(each(t)[:2]).mean() <= most + 1e-9 for t in ANYWHERE)
    least = each(cost_threshold(labels, scores, sources))[2].mean()
    assert all(least <= each(t)[2].mean() + 1e-8 for t in ANYWHERE if t <= 1)


@given(TWO_SOURCES)
def test_what_a_card_says_is_of_the_threshold_that_it_has(
    found: list[tuple[int, int, str]],
) -> None:
    labels = [0, 1, 0, 1, *(label for label, _, _ in found)]
    scores = [0.0000004, 0.0055236, 0.5, 0.5, *(score / 7 + 3e-7 for _, score, _ in found)]
    sources = [*"aabb", *(source for _, _, source in found)]
    points = choose_operating_points(labels, scores, sources, sources)
    low = choose_band(labels, scores, sources)["low"]

    def cost(threshold: float) -> float:
        of_each = []
        for source in "ab":
            own = [i for i, one in enumerate(sources) if one == source]
            truth = [labels[i] for i in own]
            recall, specificity = reached(truth, [scores[i] for i in own], threshold)
            sick = float(np.mean(truth))
            of_each.append(5 * (1 - recall) * sick + (1 - specificity) * (1 - sick))
        return float(np.mean(of_each))

    for source in "ab":
        assert points["sensitive"]["by_source"][source]["recall"]["value"] >= 0.95
        own = [i for i, one in enumerate(sources) if one == source]
        of_band = reached([labels[i] for i in own], [scores[i] for i in own], low)
        assert of_band[0] >= 0.95 or low == choose_band(labels, scores, sources)["high"]
    assert cost(points["cost"]["threshold"]) <= cost(0.0) + 1e-8


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="scores that are numbers"):
        youden_threshold([0, 1, 0], [0.1, 0.9, float("nan")])


def test_one_source_for_all_is_none() -> None:
    labels, scores = [0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.8, 0.9]
    for choose in (youden_threshold, sensitive_threshold, specific_threshold, cost_threshold):
        assert choose(labels, scores) == choose(labels, scores, ["one"] * 6)


def test_a_card_of_several_sources_says_what_each_gets() -> None:
    labels, scores = [0, 1, 0, 1, 0, 1], [0.1, 0.9, 0.6, 0.7, 0.1, 0.8]
    points = choose_operating_points(labels, scores, list("abcdef"), ["x", "x", "y", "y", "x", "x"])
    found = points["specific"]["by_source"]
    assert list(found) == ["x", "y"]
    assert [found[one]["specificity"]["value"] for one in found] == [1, 1]
    assert [found[one]["recall"]["n"] for one in found] == [4, 2]
    assert "by_source" not in choose_operating_points(labels, scores, list("abcdef"))["cost"]


def test_a_card_says_of_each_aim_what_it_reaches_and_keeps_what_it_says() -> None:
    rng = np.random.default_rng(0)
    labels = [0, 1] * 40
    scores = np.clip(np.array(labels) * 0.3 + rng.random(80) * 0.7, 0, 1).tolist()
    patients = [f"p{n // 4}" for n in range(80)]
    points = choose_operating_points(labels, scores, patients)
    assert tuple(points) == AIM_NAMES
    for point in points.values():
        recall, specificity = reached(labels, scores, point["threshold"])
        assert point["recall"]["value"] == pytest.approx(recall, abs=1e-4)
        assert point["specificity"]["value"] == pytest.approx(specificity, abs=1e-4)
        assert point["recall"]["n_groups"] == 20
    band = choose_band(labels, scores)
    assert band["low"] == points["sensitive"]["threshold"]
    assert band["high"] == points["specific"]["threshold"]
    card = {"threshold": 0.4, "operating_points": points, "indeterminate": band}
    assert thresholds_of(card)["cost"] == points["cost"]["threshold"]
    assert band_of(card) == (band["low"], band["high"])


def test_a_card_of_before_has_youden_alone_and_no_band() -> None:
    assert thresholds_of({"threshold": 0.4}) == {"youden": 0.4}
    assert band_of({"threshold": 0.4}) is None
    assert place(0.4, None) is None


def test_classes_that_separate_leave_no_probability_without_an_answer() -> None:
    band = band_of({"indeterminate": choose_band([0, 0, 1, 1], [0.1, 0.3, 0.7, 0.9])})
    assert band == (0.5, 0.5)
    assert [place(p, band) for p in (0.499, 0.5)] == ["below", "above"]


def test_the_band_reaches_from_its_low_end_up_to_its_high_end() -> None:
    places = [place(p, (0.2, 0.7)) for p in (0.199, 0.2, 0.699, 0.7)]
    assert places == ["below", "indeterminate", "indeterminate", "above"]
