"""The forest of every floor, and how well its scores tell the classes apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from covidcls.statistics import mean_auc
from lungseg.bootstrap import Interval, interval

_TREES = 500
_SEEN_BY_TREE = 4000  # images at most: more make a forest slower and no floor higher


def forest_scores(
    train: tuple[NDArray[np.float32], NDArray[np.int_]],
    values: NDArray[np.float32],
    seed: int = 0,
    workers: int = 1,
) -> NDArray[np.float64]:
    """Probability of each class, N x K, for ``values`` (N x F).

    ``train``: features and classes (0 to K - 1, each of them there) that a random forest learns
    from. Its scores do not depend on ``workers``.
    """
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(
        _TREES,
        min_samples_leaf=2,
        max_samples=min(_SEEN_BY_TREE, len(train[1])),
        random_state=seed,
        n_jobs=workers,
    )
    return np.asarray(forest.fit(*train).predict_proba(values), np.float64)


def auc_interval(
    labels: NDArray[np.int_], scores: NDArray[np.float64], units: Sequence[str]
) -> Interval:
    """AUC of ``scores`` (N x K) with its interval clustered by ``units``.

    More than two classes: each against the rest, and their mean.
    """
    return interval(lambda weights: mean_auc(labels, scores, weights), units)
