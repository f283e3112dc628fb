"""Every figure of a segmenter, defined once for cards and reports."""

from __future__ import annotations

import numpy as np


def worst_decile(
    scores: np.ndarray[tuple[int], np.dtype[np.float64]],
    weights: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Mean of the lowest tenth of ``scores`` (N), for weights B x N: B values."""
    order = np.argsort(scores)
    counts = weights[:, order]
    tenth = counts.sum(axis=1, keepdims=True) / 10
    before = np.cumsum(counts, axis=1) - counts
    taken = np.clip(tenth - before, 0, counts)
    result: np.ndarray[tuple[int], np.dtype[np.float64]] = taken @ scores[order] / taken.sum(axis=1)
    return result
