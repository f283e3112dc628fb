"""Late fusion: the network's logit, and what stage 1 sees in the lesions.

The network learns what it can of the look, which is that of its sources. The findings of stage 1
were learned from masks of lesions, and a linear model of them knows little else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.views.seen import Lesions

# Inverse strength of the L2 penalty on standardised findings, the same for few slices and many:
# looser, the findings too tell the sources.
INVERSE_PENALTY = 3e-4
# How far the network's part spreads over slices, of what the lesions' part does. With as much the
# network says little more on its own sources, and does more harm on another.
SAY = 0.5
FINER = 4  # times as many places a side as the network's map has: lesions are smaller than these

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fusion:
    """Log-odds as a linear model: ``intercept``, the weight ``network`` of its logit, and one of
    ``findings`` for each (see :mod:`lungseg.networks.findings`)."""

    intercept: float
    network: float
    findings: tuple[float, ...]

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Fusion | None:
        """That of a classifier's card, None where it has none.

        Raises KeyError, TypeError and ValueError for what is no fusion.
        """
        if "fusion" not in card:
            return None
        found = card["fusion"]
        weights = tuple(float(weight) for weight in found["findings"])
        return cls(float(found["intercept"]), float(found["network"]), weights)

    def as_card(self) -> dict[str, Any]:
        """What :meth:`from_card` reads."""
        return {
            "intercept": self.intercept,
            "network": self.network,
            "findings": list(self.findings),
        }

    def of_lesions(self, findings: Sequence[NDArray[np.float32]]) -> Array:
        """What N times F findings add to the log-odds, N."""
        given = np.asarray(findings, float).reshape(-1, len(self.findings))
        return np.asarray(given @ np.array(self.findings), float)

    def logits(self, network: Array, findings: Sequence[NDArray[np.float32]]) -> Array:
        """Fused logits N of the network's N and the findings."""
        return self.intercept + self.network * network + self.of_lesions(findings)

    def evidence(self, network: Array, lesions: Lesions) -> Array:
        """The logit without its intercept as a map, FINER than ``network`` h x w, that of the
        network's logit. The mean of both is what they add to it: what the lesions add lies where
        they are, by their probability, and everywhere where there are none."""
        import cv2

        look = np.kron(network, np.ones((FINER, FINER)))
        size = look.shape[::-1]
        found = cv2.resize(lesions.probability, size, interpolation=cv2.INTER_AREA).astype(float)
        places = found / found.mean() if found.any() else np.ones_like(look)
        return np.asarray(self.network * look + self.of_lesions([lesions.findings]) * places)


def fit_fusion(
    findings: Sequence[NDArray[np.float32]],
    labels: Sequence[int],
    weights: Sequence[float],
    others: Sequence[NDArray[np.float32]],
    network: Array,
    sources: Sequence[str],
) -> Fusion:
    """Logistic regression on the standardised ``findings`` of training slices, L2-regularised, and
    beside it the network with SAY.

    ``labels``, ``weights``: of these slices, 1 for COVID-19, and how much each counts. ``others``,
    ``network``, ``sources``: findings, logits N and names of the sources of slices that the network
    was not trained on; their labels are not needed. How far both parts spread there, the mean over
    sources, makes them comparable.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    counts = np.asarray(weights) * len(weights) / np.sum(weights)
    scaler = StandardScaler().fit(np.asarray(findings, float), sample_weight=counts)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000)
    model.fit(scaler.transform(np.asarray(findings, float)), labels, sample_weight=counts)
    weight = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - weight @ scaler.mean_)
    lesions = Fusion(intercept, 0.0, tuple(float(f"{one:.6g}") for one in weight))
    say = SAY * _spread(lesions.of_lesions(others), sources) / max(_spread(network, sources), 1e-9)
    return Fusion(round(intercept, 6), round(say, 6), lesions.findings)


def _spread(values: Array, sources: Sequence[str]) -> float:
    """Standard deviation, the mean over sources."""
    names = np.asarray(sources)
    return float(np.mean([values[names == name].std() for name in dict.fromkeys(sources)]))
