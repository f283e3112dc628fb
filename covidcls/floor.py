"""The floor beside every result: what is known of the class without looking at the lungs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.floors.forest import auc_interval, forest_scores
from covidcls.data.dataset import SeenPictures
from covidcls.data.pictures import LabelledPicture
from covidcls.within_folds import auc_within
from lungseg.bootstrap import Interval, interval

Part = tuple[SeenPictures, Sequence[LabelledPicture]]
WHAT = "random forest on 24 x 24 pixels with the lungs removed, AUC on validation"
WHAT_OF_FOLDS = "random forest on 24 x 24 pixels with the lungs removed, AUC within folds"


def lung_free_floor(train: Part, val: Part, source: str | None = None, seed: int = 0) -> Interval:
    """AUC on ``val`` of a random forest that saw ``train`` without the lungs, in small.

    ``source``: of this data set alone. Where data sets differ in their share of the sick, telling
    them apart tells the class: the floor of all together is no floor of a figure on one.
    """
    pixels, labels, _ = _looks(*train, source)
    judged, truth, patients = _looks(*val, source)
    return auc_interval(truth, forest_scores((pixels, labels), judged, seed), patients)


def lung_free_floor_of_folds(
    part: Part, folds: Sequence[int], source: str | None = None, seed: int = 0
) -> Interval:
    """The same where each of ``folds`` (numbers of N slices) is judged by a forest of all others.

    AUC of the pairs within a fold, as :func:`covidcls.within_folds.auc_within`.
    """
    pixels, labels, patients = _looks(*part, source)
    own = [source in (None, picture.source) for picture in part[1]]
    fold, scores = np.asarray(folds)[own], np.empty(len(labels))
    for number in np.unique(fold):
        here = fold == number
        found = forest_scores((pixels[~here], labels[~here]), pixels[here], seed)
        scores[here] = found[:, 1]
    return interval(lambda weights: auc_within(labels, scores, fold, weights), patients)


def _looks(
    seen: SeenPictures, pictures: Sequence[LabelledPicture], source: str | None
) -> tuple[NDArray[np.float32], NDArray[np.int_], list[str]]:
    """Pixels N x F, labels N and patients N of those of ``source``."""
    rows = [
        (pixels.ravel(), picture.label, picture.patient)
        for pixels, picture in zip(seen.lung_free, pictures, strict=True)
        if source in (None, picture.source)
    ]
    pixels, labels, patients = zip(*rows, strict=True)
    return np.stack(pixels), np.array(labels), list(patients)
