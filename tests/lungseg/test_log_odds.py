"""Logits and probabilities are those of SciPy, to the last digits and at both ends."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import special

from lungseg.log_odds import logit, sigmoid


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_probabilities_are_those_of_scipy_without_a_warning(kind: type) -> None:
    logits = np.concatenate([np.linspace(-30, 30, 6001), [-1e4, -800, -100, 100, 1e4]])
    logits = logits.astype(kind).reshape(2, -1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = sigmoid(logits)
    assert found.dtype == kind and found.shape == logits.shape
    tiny = np.finfo(kind).tiny
    assert np.allclose(found, special.expit(logits), rtol=4 * np.finfo(kind).eps, atol=tiny)


def test_log_odds_are_those_of_scipy() -> None:
    probabilities = np.concatenate([np.linspace(0.001, 0.999, 999), [1e-12, 1 - 1e-12]])
    assert np.allclose(logit(probabilities), special.logit(probabilities), rtol=1e-12, atol=1e-15)
