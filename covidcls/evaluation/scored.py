"""Labelled slices with the probabilities that a classifier gave them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UsageError

Clusters = Literal["patient", "paper", "image"]


@dataclass(frozen=True, eq=False)
class Scored:
    """N slices: ``labels`` 1 (positive) and 0, calibrated ``probabilities`` of 1.

    ``groups``: what each slice is drawn with when intervals are made, ``clustered_by`` what most
    deserve to be called: patients, source papers, or each image for itself.
    Raises UsageError where a class is missing: AUC and thresholds need both.
    """

    labels: NDArray[np.int_]
    probabilities: NDArray[np.float64]
    groups: tuple[str, ...]
    clustered_by: Clusters = "patient"

    def __post_init__(self) -> None:
        if not 0 < self.labels.sum() < self.labels.size:
            name = "negative" if not self.labels.any() else "positive"
            raise UsageError(
                f"all {self.labels.size} judged images are {name}: the figures need both classes"
            )

    @property
    def n_groups(self) -> int:
        """How many patients, papers or images are independent."""
        return len(set(self.groups))
