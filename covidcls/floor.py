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


def lung_free_floor(train: Part, val: Part, seed: int = 0) -> Interval:
    """AUC on ``val`` of a random forest that saw ``train`` without the lungs, in small."""

    def labels(part: Part) -> NDArray[np.int_]:
        return np.array([picture.label for picture in part[1]])

    def flat(part: Part) -> NDArray[np.float32]:
        return np.stack([picture.ravel() for picture in part[0].lung_free])

    scores = forest_scores((flat(train), labels(train)), flat(val), seed)
    return auc_interval(labels(val), scores, [picture.patient for picture in val[1]])
