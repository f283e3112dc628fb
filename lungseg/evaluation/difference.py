"""Two segmenters on the same slices: the paired difference, which is surer than two intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lungseg.bootstrap import Interval, interval, mean_interval
from lungseg.evaluation.figures import pooled
from lungseg.metrics import Overlap


def dice_difference(
    one: Sequence[Overlap], other: Sequence[Overlap], groups: Sequence[str]
) -> Interval:
    """Mean over slices of the Dice of ``one`` minus that of ``other``, clustered by ``groups``.

    Both have the same slices in the same order. An interval that holds 0 decides nothing.
    """
    pairs = zip(one, other, strict=True)
    return mean_interval(np.array([a.dice - b.dice for a, b in pairs]), groups)


def pooled_difference(
    one: Sequence[Overlap], other: Sequence[Overlap], groups: Sequence[str]
) -> Interval:
    """The same of the Dice over all slices as if they were one, see :func:`pooled_dice`."""

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return pooled(one, weights) - pooled(other, weights)

    return interval(statistic, groups)
