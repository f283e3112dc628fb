"""Distributions of the energy inside the lungs."""

from __future__ import annotations

import numpy as np
import pytest

from covidcls.explanation import Energy, difference, distribution


def energies(inside: list[float | None], share: float = 0.25) -> list[Energy]:
    return [Energy(1.0, value, share, value, 2 * share) for value in inside]


def test_figures_are_those_of_the_slices_with_evidence() -> None:
    values = [0.2, 0.4, None, 0.6, 0.8]
    found = distribution(energies(values), list("aabbc"))["seen"]
    assert (found["n"], found["n_groups"]) == (4, 3)
    assert found["energy_inside"]["value"] == pytest.approx(0.5)
    assert found["energy_inside"]["p25"] == pytest.approx(np.percentile([0.2, 0.4, 0.6, 0.8], 25))
    assert found["lung_share"]["value"] == pytest.approx(0.25)
    assert found["ratio"]["value"] == pytest.approx(2)
    assert found["energy_inside"]["low"] < 0.5 < found["energy_inside"]["high"]


def test_the_box_has_its_own_level_of_chance() -> None:
    found = distribution(energies([0.5, 0.5]), ["a", "b"])
    assert found["seen"]["ratio"]["value"] == pytest.approx(2)
    assert found["box"]["ratio"]["value"] == pytest.approx(1)


def test_slices_of_one_file_are_one() -> None:
    values: list[float | None] = [0.1, 0.2, 0.8, 0.9] * 10
    apart = distribution(energies(values), [str(n) for n in range(40)])["seen"]["energy_inside"]
    together = distribution(energies(values), [str(n % 4) for n in range(40)])["seen"]
    wide = together["energy_inside"]
    assert wide["high"] - wide["low"] > 2 * (apart["high"] - apart["low"])


def test_without_evidence_there_is_nothing_to_say() -> None:
    assert distribution(energies([None]), ["a"]) == {"seen": {"n": 0}, "box": {"n": 0}}
    assert difference(energies([None]), energies([0.5]), ["a"])["seen"] == {"n": 0}


def test_differences_are_paired_over_slices_with_evidence_in_both() -> None:
    found = difference(energies([0.9, None, 0.6]), energies([0.5, 0.1, 0.4]), ["a", "b", "c"])
    assert found["seen"]["n"] == 2
    assert found["seen"]["value"] == pytest.approx(0.3)
    assert found["seen"]["low"] > 0
