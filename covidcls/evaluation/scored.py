"""Labelled slices with the probabilities that a classifier gave them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from covidcls.data.pictures import FILE, PAPER
from lungseg.errors import UsageError

Clusters = Literal["patient", "paper", "image"]
UNKNOWN: dict[str, Clusters] = {PAPER: "paper", FILE: "image"}  # what such a patient is


def clusters_of(patients: Iterable[str]) -> Clusters:
    """What most of these deserve to be called, each the patient of a slice as in
    :class:`covidcls.data.pictures.LabelledPicture`."""
    counts = Counter(_kind_of(patient) for patient in patients)
    return max(get_args(Clusters), key=lambda kind: counts[kind])


def _kind_of(patient: str) -> Clusters:
    return next((kind for start, kind in UNKNOWN.items() if patient.startswith(start)), "patient")


@dataclass(frozen=True, eq=False)
class Scored:
    """N slices: ``labels`` 1 (positive) and 0, calibrated ``probabilities`` of 1.

    ``groups``: what each slice is drawn with when intervals are made, its patient as in
    :class:`covidcls.data.pictures.LabelledPicture`; ``clustered_by`` what most deserve to be
    called: patients, source papers, or each image for itself.
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

    @property
    def n_patients(self) -> int | None:
        """How many patients are known; None where none is."""
        return len({one for one in self.groups if _kind_of(one) == "patient"}) or None
