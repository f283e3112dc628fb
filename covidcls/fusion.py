"""Late fusion: the network's logit and the share of lesion in the lung, put together.

The network learns what it can of the look; the share of lesion knows nothing of it. How much either
is worth is fitted on slices that the network was not trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.views.lesion_share import LESION_FEATURES, lesion_features
from lungseg.tensors import resize

INPUTS = ("logit", *LESION_FEATURES)
# Inverse strength of the L2 penalty on standardised inputs: a hundred or so validation slices of
# half as many patients are too few for five free weights.
INVERSE_PENALTY = 0.1
FOLDS = 5  # of the patients, for figures on the slices that the fusion was fitted on

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fusion:
    """A linear model of the INPUTS: ``intercept`` and one of ``weights`` for each, in their order;
    its output is a logit."""

    intercept: float
    weights: tuple[float, ...]

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Fusion | None:
        """That of a classifier's card, None where it has none.

        Raises ValueError for one of other inputs, KeyError and TypeError for what is no fusion.
        """
        if "fusion" not in card:
            return None
        weights = card["fusion"]["weights"]
        if tuple(weights) != INPUTS:
            raise ValueError(f"a fusion of {', '.join(weights)} instead of {', '.join(INPUTS)}")
        return cls(
            float(card["fusion"]["intercept"]), tuple(float(weight) for weight in weights.values())
        )

    def as_card(self) -> dict[str, Any]:
        """What :meth:`from_card` reads."""
        return {
            "intercept": self.intercept,
            "weights": dict(zip(INPUTS, self.weights, strict=True)),
        }

    def logits(self, network: Array, lesions: Array) -> Array:
        """Fused logits N of the network's N and the LESION_FEATURES N x 4."""
        return self.intercept + np.column_stack([network, lesions]) @ np.array(self.weights)


def lesions_of(seen: Sequence[NDArray[np.float32]], size: int) -> Array:
    """The LESION_FEATURES N x 4 of N views h x w x 3, measured at the network's ``size``."""
    rows = [lesion_features(resize(view, size)) for view in seen]
    return np.array(rows, float).reshape(-1, len(LESION_FEATURES))


def fit_fusion(network: Array, lesions: Array, labels: Sequence[int]) -> Fusion:
    """Logistic regression on standardised inputs, L2-regularised, classes weighed alike.

    Arguments as of :meth:`Fusion.logits`, of slices that the network was not trained on.
    """
    model = _model().fit(np.column_stack([network, lesions]), labels)
    scaler, fitted = model[0], model[1]
    weights = fitted.coef_[0] / scaler.scale_
    intercept = fitted.intercept_[0] - float(weights @ scaler.mean_)
    return Fusion(round(float(intercept), 6), tuple(round(float(w), 6) for w in weights))


def cross_fitted(
    network: Array, lesions: Array, labels: Sequence[int], patients: Sequence[str]
) -> Array | None:
    """Logits N of fusions that did not see the patient, for thresholds and figures.

    None where a class has fewer patients than two, so that there is none to leave out.
    """
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    truth = np.asarray(labels)
    fewest = min(len({p for p, y in zip(patients, labels, strict=True) if y == c}) for c in (0, 1))
    if fewest < 2:
        return None
    divide = StratifiedGroupKFold(min(FOLDS, fewest), shuffle=True, random_state=0)
    found: Array = cross_val_predict(
        _model(),
        np.column_stack([network, lesions]),
        truth,
        groups=list(patients),
        cv=divide,
        method="decision_function",
    )
    return found


def _model() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # weighed alike: the share of COVID-19 among validation slices is no knowledge about a patient
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced")
    )
