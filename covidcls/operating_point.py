"""Where to cut a score into two answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def youden_threshold(labels: Sequence[int], scores: Sequence[float]) -> float:
    """The threshold t with the highest recall + specificity of ``scores >= t``.

    Labels are 1 and 0. Midway between neighbouring scores; the lowest of equally good ones.
    Raises ValueError where a class is missing.
    """
    truth, score = np.asarray(labels, int), np.asarray(scores, float)
    if not 0 < truth.sum() < truth.size:
        raise ValueError("a threshold needs scores of both classes")
    levels = np.unique(score)
    between = np.concatenate([levels[:1], (levels[1:] + levels[:-1]) / 2])
    called = score[None, :] >= between[:, None]
    recall = called[:, truth == 1].mean(axis=1)
    specificity = 1 - called[:, truth == 0].mean(axis=1)
    return float(between[int(np.argmax(recall + specificity))])
