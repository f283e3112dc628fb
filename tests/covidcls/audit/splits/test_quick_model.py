"""The AUC of several classes is the mean of each against the others, and of two the usual one."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from covidcls.audit.splits.quick_model import scores
from covidcls.statistics import mean_auc


def test_the_auc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for classes in (2, 3):
        labels = rng.integers(0, classes, 60)
        found = rng.dirichlet(np.ones(classes), 60)
        weights = rng.integers(0, 3, (4, 60)).astype(float)
        expected = [
            roc_auc_score(labels == 1, found[:, 1], sample_weight=row)
            if classes == 2
            else np.mean(
                [
                    roc_auc_score(labels == code, found[:, code], sample_weight=row)
                    for code in range(classes)
                ]
            )
            for row in weights
        ]
        assert np.allclose(mean_auc(labels, found, weights), expected)


def test_a_resample_without_a_class_has_no_auc() -> None:
    found = np.array([[0.4, 0.6], [0.7, 0.3]])
    assert np.isnan(mean_auc(np.array([0, 1]), found, np.array([[1.0, 0.0]])))


def test_training_pictures_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    seen, labels = rng.integers(0, 256, (50, 8), dtype=np.uint8), rng.integers(0, 2, 50)
    assert (scores(seen, labels, seen).argmax(axis=1) == labels).all()
