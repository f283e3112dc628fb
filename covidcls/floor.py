"""The floor beside every result: what is known of the class without looking at the lungs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from covidcls.data.dataset import RegionViews
from covidcls.data.pictures import LabelledPicture
from covidcls.statistics import auc
from lungseg.bootstrap import Interval, interval


def lung_free_floor(
    train: tuple[RegionViews, Sequence[LabelledPicture]],
    val: tuple[RegionViews, Sequence[LabelledPicture]],
    seed: int = 0,
) -> Interval:
    """AUC on ``val`` of a random forest that saw 24 x 24 pixels of ``train`` without the lungs."""
    from sklearn.ensemble import RandomForestClassifier

    def flat(views: RegionViews) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.stack([picture.ravel() for picture in views.lung_free])

    forest = RandomForestClassifier(n_estimators=500, min_samples_leaf=2, random_state=seed)
    forest.fit(flat(train[0]), [picture.label for picture in train[1]])
    scores = forest.predict_proba(flat(val[0]))[:, 1]
    labels = np.array([picture.label for picture in val[1]])
    groups = [picture.patient for picture in val[1]]
    return interval(lambda weights: auc(labels, scores, weights), groups)
