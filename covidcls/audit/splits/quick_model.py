"""A model that is trained in seconds, and its AUC, for any number of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.statistics import auc

_TREES = 200


def scores(
    train: NDArray[np.uint8],
    labels: NDArray[np.int_],
    test: NDArray[np.uint8],
    workers: int = 1,
) -> NDArray[np.float64]:
    """Probabilities of every class (tested x classes) after training on ``train`` (N x pixels).

    ``labels``: N codes from 0 on, every class among them. Extremely randomised trees (Geurts et al.
    2006), grown until they tell all training pictures apart: on phantoms they know a patient again
    better than nearest neighbours or a random forest do, as a network does that is trained long.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(_TREES, random_state=0, n_jobs=workers)
    found: NDArray[Any] = forest.fit(train, labels).predict_proba(test)
    return found


def mean_auc(
    labels: NDArray[np.int_], scores: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """AUC of each class against the others, averaged over classes: B values for weights B x N.

    Of two classes this is their AUC. NaN where a row of ``weights`` leaves a class out.
    """
    of_class = [
        auc((labels == code).astype(int), column, weights) for code, column in enumerate(scores.T)
    ]
    return np.mean(of_class, axis=0)
