"""How much of a map's energy lies inside the lungs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def energy_inside(evidence: NDArray[np.float32], lung_mask: NDArray[np.bool_]) -> float | None:
    """Share of the positive evidence, 0 to 1, that lies inside the lungs.

    ``evidence`` H x W and ``lung_mask`` bool H x W have one geometry. None where nothing is
    positive: a slice without evidence has it nowhere.
    """
    positive = np.maximum(evidence, 0).astype(np.float64)
    whole = float(positive.sum())
    return float(positive[lung_mask].sum()) / whole if whole > 0 else None
