"""Late fusion: the network's logit, and what stage 1 sees in the lesions.

The network learns what it can of the look, which is that of its sources. The findings of stage 1
were learned from masks of lesions, and a linear model of them knows little else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.views.seen import Lesions
from lungseg.errors import UsageError
from lungseg.lung_mask import FINDINGS

# Inverse strength of the L2 penalty on standardised findings, beside the sum over slices: it weighs
# less the more of them there are. Ten times looser, the findings too tell the sources.
INVERSE_PENALTY = 3e-4
# What of it the findings have that are no mean of the decoder's features: the encoder's know the
# look, and the highest in the lungs are of one pixel.
OTHER_FINDINGS = 0.1
# How far the network's part spreads over slices, of what that of the findings does. With as much it
# says little more on its own sources, and does more harm on another.
NETWORK_SHARE = 0.5
LEAST_SPREAD = 1e-6  # of a network's logits: less is rounding
FINER = 4  # times as many places a side as the network's map has: lesions are smaller than these
# Of the probability of lesion, added everywhere where evidence is placed: specks are no lesion.
SPECK = 0.02

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fusion:
    """Log-odds as a linear model: ``intercept``, the weight ``network`` of its logit, and one of
    ``findings`` for each (see :mod:`lungseg.networks.findings`). ``usual``: what the findings of a
    training slice add in the mean, sources and labels counting alike."""

    intercept: float
    network: float
    findings: tuple[float, ...]
    usual: float = 0.0

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Fusion | None:
        """That of a classifier's card, None where it has none.

        Raises KeyError, TypeError and ValueError for what is no fusion, or one of an older kind.
        """
        if "fusion" not in card:
            return None
        found = card["fusion"]
        if found.get("version") != FINDINGS:
            raise ValueError("its fusion is of other findings; train it again")
        weights = tuple(float(weight) for weight in found["findings"])
        return cls(
            float(found["intercept"]), float(found["network"]), weights, float(found["usual"])
        )

    def as_card(self) -> dict[str, Any]:
        """What :meth:`from_card` reads."""
        return {
            "intercept": self.intercept,
            "network": self.network,
            "findings": list(self.findings),
            "usual": self.usual,
            "version": FINDINGS,
        }

    def of_findings(self, findings: Sequence[NDArray[np.float32]]) -> Array:
        """What N times F findings add to the log-odds, N. Raises ValueError for another F."""
        if not findings:
            return np.empty(0)
        return np.asarray(np.stack(findings).astype(float) @ np.array(self.findings), float)

    def logits(self, network: Array, findings: Sequence[NDArray[np.float32]]) -> Array:
        """Fused logits N of the network's N and the findings."""
        return self.intercept + self.network * network + self.of_findings(findings)

    def scaled(self, findings: float, network: float) -> Fusion:
        """With all but the network's weight times ``findings``, and that weight ``network``."""
        return Fusion(
            round(self.intercept * findings, 6),
            round(network, 6),
            tuple(float(f"{one * findings:.6g}") for one in self.findings),
            round(self.usual * findings, 6),
        )

    def evidence(self, network: Array, lesions: Lesions) -> Array:
        """Where the logit comes from, a map FINER than ``network`` h x w, that of the network's
        logit. Its mean is what the network adds, and what the findings add beyond ``usual``.

        The findings, most of which are pooled over lesions, are laid where these are, in proportion
        to their probability; where there are none, everywhere.
        """
        import cv2

        look = np.kron(network, np.ones((FINER, FINER)))
        size = look.shape[::-1]
        found = cv2.resize(lesions.probability, size, interpolation=cv2.INTER_AREA) + SPECK
        [added] = self.of_findings([lesions.findings]) - self.usual
        return np.asarray(self.network * look + added * found / found.mean(), float)


def fit_fusion(
    findings: Sequence[NDArray[np.float32]],
    labels: Sequence[int],
    weights: Sequence[float],
    others: Sequence[NDArray[np.float32]],
    network: Array,
    sources: Sequence[str],
    decoded: int = 0,
) -> Fusion:
    """Logistic regression on the standardised ``findings`` of training slices, L2-regularised, and
    beside it the network with NETWORK_SHARE.

    ``labels``, ``weights``: of these slices, 1 for COVID-19, and how much each counts. ``others``,
    ``network``, ``sources``: findings, logits N and names of the sources of slices that the network
    was not trained on; their labels are not needed. How far both parts spread there, the mean over
    sources, makes them comparable. ``decoded``: the number D of the decoder's features, whose
    means stand before the D highest at the end (see :mod:`lungseg.networks.findings`); 0 where all
    findings are alike. Raises UsageError for a network that says the same of every slice: what its
    rounding says would be made to count as much as the findings.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    counts = np.asarray(weights) * len(weights) / np.sum(weights)
    scaler = StandardScaler().fit(np.asarray(findings, float), sample_weight=counts)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000)
    loose = np.full(len(findings[0]), OTHER_FINDINGS**0.5 if decoded else 1.0)
    loose[len(loose) - 2 * decoded : len(loose) - decoded] = 1.0
    standard = scaler.transform(np.asarray(findings, float))
    model.fit(standard * loose, labels, sample_weight=counts)
    of_each = model.coef_[0] * loose / scaler.scale_
    usual = float(of_each @ scaler.mean_)
    alone = Fusion(
        round(float(model.intercept_[0]) - usual, 6),
        0.0,
        tuple(float(f"{one:.6g}") for one in of_each),
        round(usual, 6),
    )
    of_findings, of_network = (spread(one, sources) for one in (alone.of_findings(others), network))
    if of_network < LEAST_SPREAD:
        raise UsageError(
            "the network says the same of every slice: its training collapsed; train it again with "
            "another seed or learning rate"
        )
    return replace(alone, network=round(NETWORK_SHARE * of_findings / of_network, 6))


def spread(values: Array, sources: Sequence[str]) -> float:
    """Standard deviation of ``values`` N, the mean over ``sources``, by the name of each."""
    names = np.asarray(sources)
    return float(np.mean([values[names == name].std() for name in dict.fromkeys(sources)]))
