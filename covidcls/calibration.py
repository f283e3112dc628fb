"""Temperature scaling (Guo et al. 2017): one number, fitted on validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lungseg.log_odds import sigmoid


def fit_temperature(logits: Sequence[float], labels: Sequence[int]) -> float:
    """The T > 0 that minimises the log loss of sigmoid(logit / T), between 0.05 and 20."""
    from scipy.optimize import minimize_scalar

    z, y = np.asarray(logits, float), np.asarray(labels, float)

    def log_loss(log_temperature: float) -> float:
        scaled = z / np.exp(log_temperature)
        return float(np.mean(np.logaddexp(0, scaled) - y * scaled))

    found = minimize_scalar(log_loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def calibrated(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities in [0, 1]: sigmoid(logits / temperature)."""
    return sigmoid(logits / temperature)
