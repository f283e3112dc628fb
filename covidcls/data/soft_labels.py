"""Labels softened by what other classifiers, the teachers, say of the same pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np

from lungseg.errors import UsageError
from lungseg.log_odds import logit, sigmoid
from lungseg.name_table import FileNames, read_name_table

EDGE = 1e-4  # of a probability: a teacher that is certain would outvote all others


@dataclass(frozen=True)
class SoftLabels:
    """``labels``: N in [0, 1], of which ``n_taught`` were told by a teacher."""

    labels: tuple[float, ...]
    n_taught: int

    @property
    def sha256(self) -> str:
        """Of the labels in their order, with six decimals."""
        return hashlib.sha256(",".join(f"{one:.6f}" for one in self.labels).encode()).hexdigest()


def soften(
    labels: Sequence[int], paths: Sequence[str], tables: Sequence[Path], share: float
) -> SoftLabels:
    """``labels`` (N of 1 and 0) with ``share`` of each in the hands of the teachers (distillation,
    Hinton et al. 2015).

    ``paths``: N, POSIX, below the folder of the data. ``tables``: CSV files with the columns
    ``path`` and ``probability``, as ``evaluate cls`` and the cells of ``ablate`` have them; rows
    without a probability and rows of other pictures are left out, and several teachers of one
    picture agree on the mean of their log-odds. A picture without a teacher keeps its label. Raises
    UsageError for a ``share`` outside 0 to 1, for tables that cannot be read or are not of these
    pictures, and for what is no probability.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"the share of soft labels is {share}; give 0 to 1")
    names = FileNames(paths)
    told: dict[str, list[float]] = {}
    for table in tables:
        for name, value in read_name_table(table, "probability"):
            path = names.find(name)
            if path is not None:
                told.setdefault(path, []).append(_probability(value, name, table))
    if not told:
        raise UsageError(
            f"{', '.join(table.name for table in tables) or 'no table'} says nothing of the "
            f"{len(paths)} pictures to learn; a path that it could have is "
            f"{min(paths, default='sick/a.png')}"
        )
    taught = {path: _agreed(said) for path, said in told.items()}
    return SoftLabels(
        tuple(
            label if path not in taught else (1 - share) * label + share * taught[path]
            for label, path in zip(labels, paths, strict=True)
        ),
        len(taught),
    )


def _probability(value: str, name: str, table: Path) -> float:
    try:
        probability = float(value)
    except ValueError:
        probability = float("nan")
    if not (isfinite(probability) and 0 <= probability <= 1):
        raise UsageError(f"{table} gives {name} the probability {value}; correct it to 0 to 1")
    return probability


def _agreed(probabilities: Sequence[float]) -> float:
    inner = np.clip(np.array(probabilities, np.float64), EDGE, 1 - EDGE)
    return float(sigmoid(np.array([logit(inner).mean()]))[0])
