"""From the slices of a patient to one probability of the patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rule = Literal["mean", "max", "top_k", "noisy_or"]
RULES: tuple[Rule, ...] = get_args(Rule)
# The patients that the folds of the shipped classifier judged (its card has all rules) are ranked
# alike by mean and top_k, worse by max. noisy_or says more of how many slices there are than of the
# disease. Of mean and top_k, mean moves less with the number of slices.
DEFAULT_RULE: Rule = "mean"

K = 3  # slices that ``top_k`` looks at


def mean(probabilities: Array) -> float:
    """The mean: moves little with the number of slices, and dilutes a small lesion."""
    return float(probabilities.mean())


def highest(probabilities: Array) -> float:
    """The highest: one slice is enough, right or wrong, and more slices find more."""
    return float(probabilities.max())


def top_k(probabilities: Array, k: int = K) -> float:
    """The mean of the ``k`` highest, of all where there are fewer."""
    return float(np.sort(probabilities)[-k:].mean())


def noisy_or(probabilities: Array) -> float:
    """That some slice shows the disease, if slices were independent (Pearl 1988): they are not."""
    return float(1 - np.prod(1 - probabilities))


AGGREGATE: dict[Rule, Callable[[Array], float]] = {
    "mean": mean,
    "max": highest,
    "top_k": top_k,
    "noisy_or": noisy_or,
}


def by_patient(
    probabilities: Array, patients: Sequence[str], rule: Rule = DEFAULT_RULE
) -> dict[str, float]:
    """Probability by patient, in the order of their first slice.

    ``probabilities``: N values from 0 to 1, ``patients``: whose slice each is.
    """
    names, aggregate = np.asarray(patients), AGGREGATE[rule]
    return {name: aggregate(probabilities[names == name]) for name in dict.fromkeys(names.tolist())}
