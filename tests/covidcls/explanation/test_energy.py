"""The share of positive evidence inside the lungs."""

from __future__ import annotations

import numpy as np
import pytest

from covidcls.explanation.energy import energy_inside

LUNG = np.array([[True, False, False, False]])


def test_only_positive_evidence_counts_and_its_scale_does_not() -> None:
    evidence = np.array([[3.0, 1.0, -9.0, 0.0]], np.float32)
    assert energy_inside(evidence, LUNG) == pytest.approx(0.75)
    assert energy_inside(evidence * 7, LUNG) == pytest.approx(0.75)


def test_even_evidence_has_the_share_of_the_lung() -> None:
    assert energy_inside(np.ones((1, 4), np.float32), LUNG) == pytest.approx(0.25)


def test_no_evidence_is_no_share() -> None:
    assert energy_inside(np.array([[-1.0, 0, 0, 0]], np.float32), LUNG) is None
