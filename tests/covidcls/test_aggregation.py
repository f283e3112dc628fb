"""One probability a patient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covidcls.aggregation import AGGREGATE, RULES, by_patient

SLICES = np.array([0.2, 0.9, 0.4, 0.6])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("mean", 0.525),
        ("max", 0.9),
        ("top_k", (0.9 + 0.6 + 0.4) / 3),
        ("noisy_or", 1 - 0.8 * 0.1 * 0.6 * 0.4),
    ],
)
def test_each_rule_is_what_its_name_says(rule: str, expected: float) -> None:
    assert by_patient(SLICES, ["ann"] * 4, rule) == {"ann": pytest.approx(expected)}  # type: ignore[arg-type]


def test_patients_keep_apart_and_in_the_order_of_their_first_slice() -> None:
    found = by_patient(SLICES, ["eve", "ann", "eve", "ann"])
    assert list(found) == ["eve", "ann"]
    assert found == pytest.approx({"eve": 0.3, "ann": 0.75})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_every_rule_gives_a_probability_between_mean_and_noisy_or(
    values: list[float],
) -> None:
    slices = np.array(values)
    found = {rule: AGGREGATE[rule](slices) for rule in RULES}
    assert 0 <= found["mean"] <= found["top_k"] + 1e-12
    assert found["top_k"] <= found["max"] + 1e-12
    assert found["max"] <= found["noisy_or"] + 1e-12 <= 1 + 1e-9
    assert {rule: AGGREGATE[rule](slices[:1]) for rule in RULES} == pytest.approx(
        dict.fromkeys(RULES, values[0])
    )  # one slice is its patient
