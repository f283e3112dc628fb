"""What the two stages say of one slice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from covidcls.operating_point import Band
from lungseg.regions import Box

Status = Literal["ok", "no_lung", "not_ct", "unreadable"]
STATUSES: tuple[Status, ...] = get_args(Status)
Label = Literal["COVID", "non-COVID"]
LABELS: tuple[Label, ...] = get_args(Label)


@dataclass(frozen=True, eq=False)
class Prediction:
    """One slice's result; ``predictions.csv`` has a row of it, without the mask.

    ``path``: of the file, or a name for an array. ``slice``: from 0 within its file.
    ``status``: ``ok``; ``no_lung``: a CT slice that shows too little lung to judge; ``not_ct``:
    the picture is not taken for a chest CT slice; ``unreadable``: it could not be decoded.
    ``probability``: of COVID-19, calibrated, 0 to 1; None unless ``ok``, as is ``label``, which is
    ``COVID`` from ``threshold`` upwards.
    ``lung_fraction``: share of the picture that is lung; None only when unreadable.
    ``lesion_fraction``: share of the lung that is lesion; None unless ``ok``, and where stage 1
    does not say.
    ``box``: ``(x_min, y_min, x_max, y_max)``, half-open pixels around the lung, before any margin.
    ``mask``: bool H x W in the geometry of the slice, all false unless ``ok``; None when
    unreadable.
    ``message``: in words, what was assumed, what makes the mask doubtful (see
    :mod:`lungseg.flags`), or why there is no probability.
    ``band``: ``indeterminate`` where ``probability`` lies in the band in which the classifier's
    card gives no answer, else ``below`` or ``above`` it; None unless ``ok``, and where the card
    has no band. ``label`` takes no notice of it.
    ``lesion``: bool H x W, as ``mask``; None unless ``ok``, and where stage 1 does not say.
    ``voxel_ml``: millilitres that a pixel stands for (:class:`lungseg.slice.Slice`); None unless
    ``ok``, and where spacing or slice distance are not known.
    ``file``: the file of a series that the slice is, named as ``path``; empty where it is ``path``
    itself.
    ``evidence``: where the probability comes from, coarse: h x w over what stage 2 saw, in log-odds
    (see :meth:`covidcls.classifier.CovidClassifier.explained`); None unless ``ok``.
    """

    path: str
    slice: int
    status: Status
    probability: float | None
    label: Label | None
    threshold: float
    lung_fraction: float | None
    lesion_fraction: float | None
    box: Box | None
    mask: NDArray[np.bool_] | None
    message: str
    band: Band | None = None
    lesion: NDArray[np.bool_] | None = None
    voxel_ml: float | None = None
    evidence: NDArray[np.float64] | None = None
    file: str = ""

    @property
    def lung_ml(self) -> float | None:
        """Lung in this slice, in ml: area of the mask times the distance of slices."""
        return _ml(self.mask, self.voxel_ml)

    @property
    def lesion_ml(self) -> float | None:
        """Lesion within the lung of this slice, in ml."""
        if self.mask is None or self.lesion is None:
            return None
        return _ml(self.lesion & self.mask, self.voxel_ml)


def unreadable(path: str, index: int, threshold: float, message: str, file: str = "") -> Prediction:
    """The result of a file, or of the rest of one, that cannot be decoded."""
    refused = Prediction(
        path, index, "unreadable", None, None, threshold, None, None, None, None, message
    )
    return replace(refused, file=file)


def _ml(mask: NDArray[np.bool_] | None, voxel_ml: float | None) -> float | None:
    return None if mask is None or voxel_ml is None else float(mask.sum()) * voxel_ml
