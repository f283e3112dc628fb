"""How much of the lung is lesion, as numbers that a linear model can use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LESION_FEATURES = ("lesion", "expected", "log_lesion", "log_expected")
# Added before the logarithm: shares below half a per cent are noise of the mask, and all alike.
LEAST_SHARE = 0.005


def lesion_features(seen: NDArray[np.float32]) -> NDArray[np.float64]:
    """The LESION_FEATURES of what stage 2 sees: ``seen`` h x w x 3 is grey, lungs, lesion.

    ``lesion``: share of the lung that more likely is lesion than not; ``expected``: mean
    probability of lesion in the lung; both as they are and as natural logarithms. Without lung
    they are those of a share of 0.
    """
    lung, lesion = seen[..., 1], seen[..., 2]
    area = float(lung.sum())
    shares = np.zeros(2)
    if area > 0:
        shares = np.array([float(lung[lesion >= 0.5].sum()), float(lesion.sum())]) / area
    return np.concatenate([shares, np.log(shares + LEAST_SHARE)])
