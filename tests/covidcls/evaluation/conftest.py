"""Slices of forty patients with probabilities that know something of their labels."""

from __future__ import annotations

import numpy as np
import pytest

from covidcls.evaluation.scored import Scored


@pytest.fixture(scope="session")
def scored() -> Scored:
    """150 slices; scores with ties, to a hundredth."""
    rng = np.random.default_rng(4)
    patients = rng.permutation(np.arange(150) % 40)
    labels = patients % 2
    probabilities = np.clip(labels * 0.3 + rng.random(150) * 0.7, 0, 1).round(2)
    return Scored(labels, probabilities, tuple(f"p{number}" for number in patients))
