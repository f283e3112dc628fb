"""How well the share of the lung that is lesion is measured: predicted against true share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lungseg.bootstrap import Interval, interval, mean_interval

SAME = 1e-6  # standard deviation of shares that are the same but for rounding


def share_figures(
    predicted: Sequence[float],
    true: Sequence[float],
    groups: Sequence[str],
    name: str = "lesion_share",
) -> dict[str, Interval]:
    """``NAME_error`` (mean absolute), ``NAME_bias`` (mean of predicted - true) and ``NAME_slope``
    (of the line of true on predicted shares; 1 is calibrated).

    Shares are 0 to 1, one a slice; intervals are clustered by ``groups``. The slope is left out
    where the predicted or the true shares are all the same, as in slices without lesions.
    """
    said, truth = np.asarray(predicted, float), np.asarray(true, float)
    figures = {
        f"{name}_error": mean_interval(np.abs(said - truth), groups),
        f"{name}_bias": mean_interval(said - truth, groups),
    }
    if min(said.std(), truth.std()) > SAME:
        figures[f"{name}_slope"] = interval(lambda w: _slope(said, truth, w), groups)
    return figures


def _slope(
    said: NDArray[np.float64], truth: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least squares for weights B x N: B slopes, NaN where a resample holds one predicted share."""
    share = weights / weights.sum(axis=1, keepdims=True)
    mean_said, mean_truth = share @ said, share @ truth
    variance = share @ said**2 - mean_said**2
    covariance = share @ (said * truth) - mean_said * mean_truth
    nothing = np.full(len(variance), np.nan)
    return np.divide(covariance, variance, nothing, where=variance > SAME**2)
