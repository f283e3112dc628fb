"""The figures of an evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from covidcls.evaluation.measure import FIGURES, ece_by_chance, measure
from covidcls.evaluation.scored import Scored
from covidcls.statistics import ece, figures
from lungseg.errors import UsageError


def test_scikit_learn_and_the_resampled_statistics_mean_the_same_by_each_name(
    scored: Scored,
) -> None:
    found = measure(scored, 0.5)
    ours = figures(scored.labels.tolist(), scored.probabilities.tolist(), 0.5, scored.groups)
    assert tuple(found) == FIGURES
    for name, one in found.items():
        assert one.value == pytest.approx(ours[name].value), name
        assert (one.low, one.high, one.n_groups) == (ours[name].low, ours[name].high, 40)


@pytest.mark.parametrize(("threshold", "nothing"), [(1.1, "precision"), (0.0, "npv")])
def test_what_has_nothing_to_divide_by_is_no_number(
    scored: Scored, threshold: float, nothing: str
) -> None:
    found = measure(scored, threshold)
    assert [name for name in FIGURES if np.isnan(found[name].value)] == [nothing]
    assert np.isnan(found[nothing].low)
    assert found["mcc"].value == 0


def test_one_class_alone_is_told() -> None:
    with pytest.raises(UsageError, match="all 2 judged images are positive"):
        Scored(np.array([1, 1]), np.array([0.2, 0.8]), ("a", "b"))


def test_right_probabilities_have_the_error_of_chance_and_fewer_slices_more_of_it() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.random(400)
    labels = [(rng.random(400) < probabilities).astype(int) for _ in range(200)]
    errors = [ece(one, probabilities, np.ones((1, 400)))[0] for one in labels]
    each = [str(number) for number in range(400)]
    assert ece_by_chance(probabilities, each) == pytest.approx(np.mean(errors), rel=0.05)
    fewer = ece_by_chance(probabilities[:100], each[:100])
    assert fewer > 1.5 * ece_by_chance(probabilities, each)


def test_slices_of_one_patient_are_right_or_wrong_together() -> None:
    """400 slices of 100 patients with one probability each have the error of 100 slices."""
    probabilities = np.random.default_rng(3).random(100)
    patients = [str(number) for number in range(100)]
    four = ece_by_chance(np.repeat(probabilities, 4), np.repeat(patients, 4).tolist())
    assert four == pytest.approx(ece_by_chance(probabilities, patients))
