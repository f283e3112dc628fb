"""Logits and the probabilities that they stand for.

By hand, although ``scipy.special`` has both: SciPy is a fifth of what ``predict`` would install,
and was asked for nothing else.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)


def sigmoid(logits: NDArray[Real]) -> NDArray[Real]:
    """1 / (1 + exp(-logits)), of the same shape and type, in [0, 1]."""
    found = np.negative(logits)
    with np.errstate(over="ignore"):  # exp(-logits) is then infinite, and the result 0 as it should
        np.exp(found, out=found)
    found += 1
    return np.reciprocal(found, out=found)


def logit(probabilities: NDArray[Real]) -> NDArray[Real]:
    """log(p / (1 - p)) of probabilities p between 0 and 1, of the same shape and type."""
    return np.log(probabilities) - np.log1p(-probabilities)
