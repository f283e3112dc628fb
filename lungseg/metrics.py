"""Overlap of two masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """2 |A and B| / (|A| + |B|), 0 to 1; two empty masks agree: 1. Bool arrays of one shape."""
    total = int(mask.sum()) + int(truth.sum())
    return 2 * int((mask & truth).sum()) / total if total else 1.0


def iou(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """|A and B| / |A or B|, 0 to 1; two empty masks agree: 1. Bool arrays of one shape."""
    union = int((mask | truth).sum())
    return int((mask & truth).sum()) / union if union else 1.0
