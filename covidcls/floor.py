"""The floor beside every result: what is known of the class without looking at the lungs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.floors.forest import auc_interval, forest_scores
from covidcls.data.dataset import SeenPictures
from covidcls.data.pictures import LabelledPicture
from lungseg.bootstrap import Interval

Part = tuple[SeenPictures, Sequence[LabelledPicture]]
WHAT = "random forest on 24 x 24 pixels with the lungs removed, AUC on validation"


def lung_free_floor(train: Part, val: Part, source: str | None = None, seed: int = 0) -> Interval:
    """AUC on ``val`` of a random forest that saw ``train`` without the lungs, in small.

    ``source``: of this data set alone. Where data sets differ in their share of the sick, telling
    them apart tells the class: the floor of all together is no floor of a figure on one.
    """

    def looks(part: Part) -> tuple[NDArray[np.float32], NDArray[np.int_], list[str]]:
        rows = [
            (seen.ravel(), picture.label, picture.patient)
            for seen, picture in zip(part[0].lung_free, part[1], strict=True)
            if source in (None, picture.source)
        ]
        pixels, labels, patients = zip(*rows, strict=True)
        return np.stack(pixels), np.array(labels), list(patients)

    pixels, labels, _ = looks(train)
    judged, truth, patients = looks(val)
    return auc_interval(truth, forest_scores((pixels, labels), judged, seed), patients)
