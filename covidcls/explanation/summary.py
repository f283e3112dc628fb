"""Energy inside the lungs over many slices: its distribution, against chance, and paired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.explanation.explain import Energy
from lungseg.bootstrap import Interval, intervals, mean_interval

Array = NDArray[np.float64]

PERCENTILES = (10, 25, 50, 75, 90)


def distribution(energies: Sequence[Energy], groups: Sequence[str]) -> dict[str, Any]:
    """Figures of what was ``seen`` and of its part in the ``box`` around the lungs.

    Each has the number ``n`` of slices with evidence there, of how many groups, and
    ``energy_inside``, ``lung_share`` and ``ratio`` (of their means) as ``value``, ``low``, ``high``
    (95 %, bootstrap over ``groups``: the patient or file of each slice), and the percentiles
    ``p10`` to ``p90`` of ``energy_inside``. Where no slice has evidence there is ``n`` alone.
    """
    seen = [(one.energy_inside, one.lung_share) for one in energies]
    box = [(one.box_energy_inside, one.box_lung_share) for one in energies]
    return {"seen": _against_chance(seen, groups), "box": _against_chance(box, groups)}


def difference(
    ours: Sequence[Energy], others: Sequence[Energy], groups: Sequence[str]
) -> dict[str, Any]:
    """Mean difference of ``energy_inside``, ours minus others', over the same slices.

    Of what was ``seen`` and of the ``box``, with its interval over ``groups``; of the ``n`` slices
    that have evidence in both.
    """
    pairs = {
        "seen": [(a.energy_inside, b.energy_inside) for a, b in zip(ours, others, strict=True)],
        "box": [
            (a.box_energy_inside, b.box_energy_inside) for a, b in zip(ours, others, strict=True)
        ],
    }
    return {name: _mean_difference(values, groups) for name, values in pairs.items()}


def _against_chance(
    values: Sequence[tuple[float | None, float]], groups: Sequence[str]
) -> dict[str, Any]:
    kept = [place for place, (inside, _) in enumerate(values) if inside is not None]
    if not kept:
        return {"n": 0}
    table = np.array([values[place] for place in kept], float)

    def statistic(weights: Array) -> Array:
        means = weights @ table / weights.sum(axis=1, keepdims=True)
        return np.column_stack([means, means[:, 0] / means[:, 1]])

    inside, share, ratio = intervals(statistic, [groups[place] for place in kept])
    of_slices = np.percentile(table[:, 0], PERCENTILES)
    spread = {f"p{p}": round(float(v), 4) for p, v in zip(PERCENTILES, of_slices, strict=True)}
    return {
        "n": inside.n,
        "n_groups": inside.n_groups,
        "energy_inside": _ends(inside) | spread,
        "lung_share": _ends(share),
        "ratio": _ends(ratio),
    }


def _mean_difference(
    values: Sequence[tuple[float | None, float | None]], groups: Sequence[str]
) -> dict[str, Any]:
    kept = [
        (ours - others, group)
        for (ours, others), group in zip(values, groups, strict=True)
        if ours is not None and others is not None
    ]
    if not kept:
        return {"n": 0}
    differences, of_groups = zip(*kept, strict=True)
    return mean_interval(np.array(differences, float), of_groups).as_dict()


def _ends(found: Interval) -> dict[str, float]:
    return {name: round(getattr(found, name), 4) for name in ("value", "low", "high")}
