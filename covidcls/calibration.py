"""From logits to probabilities that say how often: Platt scaling (Platt 1999), on validation.

A temperature alone (Guo et al. 2017) leaves a network that calls too many slices COVID-19 as it is:
it makes probabilities less sure, and no rarer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungseg.log_odds import logit, sigmoid

Array = NDArray[np.float64]

# Of the slope on logits in units of their standard deviation. Above 0, so that no ranking is turned
# round; finite where the classes are apart.
FLATTEST, STEEPEST = 0.01, 20.0


@dataclass(frozen=True)
class Calibration:
    """Log-odds are ``slope`` x logit + ``intercept``. Raises ValueError for a slope not above 0."""

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if not (self.slope > 0 and np.isfinite([self.slope, self.intercept]).all()):
            raise ValueError(
                f"a calibration of slope {self.slope} and intercept {self.intercept}, where the "
                "slope must be above 0 and both finite"
            )

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Calibration:
        """That of a classifier's card; an old one has a ``temperature`` alone, which is 1 / slope.

        Raises KeyError where it has neither, TypeError and ValueError for what is none.
        """
        if "calibration" in card:
            fitted = card["calibration"]
            return cls(float(fitted["slope"]), float(fitted["intercept"]))
        temperature = float(card["temperature"])
        return cls(slope=1 / temperature if temperature else 0.0)

    def as_card(self) -> dict[str, float]:
        """What :meth:`from_card` reads."""
        return {"slope": self.slope, "intercept": self.intercept}

    def probabilities(self, logits: Array) -> Array:
        """Of logits of any shape: in [0, 1], in the same order."""
        return sigmoid(self.slope * logits + self.intercept)

    def logits(self, probabilities: Array) -> Array:
        """Back from :meth:`probabilities`; finite where one was rounded to 0 or 1."""
        tiny, nearly = np.finfo(float).tiny, 1 - np.finfo(float).epsneg
        log_odds = logit(np.clip(probabilities, tiny, nearly))
        return (log_odds - self.intercept) / self.slope


def fit_calibration(
    logits: Sequence[float] | Array,
    labels: Sequence[int] | Array,
    weights: Sequence[float] | None = None,
) -> Calibration:
    """Logistic regression of ``labels`` (1 and 0) on the logit, its slope kept above 0.

    The mean probability of what it was fitted on is the share of positives there, both weighed by
    ``weights``, if given.
    """
    from scipy.optimize import minimize

    z, y = np.asarray(logits, float), np.asarray(labels, float)
    centre, spread = z.mean(), z.std() or 1.0
    x = (z - centre) / spread

    def log_loss(parameters: Array) -> tuple[float, Array]:
        log_odds = parameters[0] * x + parameters[1]
        off = sigmoid(log_odds) - y
        value = np.average(np.logaddexp(0, log_odds) - y * log_odds, weights=weights)
        return float(value), np.average([off * x, off], axis=1, weights=weights)

    # of scipy, since scikit-learn's keeps no slope above 0
    bounds = ((FLATTEST, STEEPEST), (None, None))
    slope, intercept = minimize(
        log_loss, np.array([1.0, 0.0]), jac=True, bounds=bounds, options={"ftol": 1e-14}
    ).x
    slope /= spread
    return Calibration(_rounded(slope), _rounded(intercept - slope * centre))


def cross_calibrated(
    logits: Array,
    labels: Sequence[int] | NDArray[np.int_],
    parts: NDArray[np.int_],
    weights: Sequence[float] | None = None,
) -> Array:
    """Probabilities N of logits N, each part by the calibration of all others.

    ``parts``: the number of the fold of each slice, so that no patient is in two; there must be two
    parts at least, and both classes outside of each. ``weights`` as in :func:`fit_calibration`.
    """
    truth, found = np.asarray(labels), np.empty(len(logits))
    for part in np.unique(parts):
        own = parts == part
        weight = None if weights is None else np.asarray(weights)[~own].tolist()
        others = fit_calibration(logits[~own], truth[~own], weight)
        found[own] = others.probabilities(logits[own])
    return found


def _rounded(value: float) -> float:
    """As a card has it, so that what was measured is what is used."""
    return float(f"{value:.7g}")
