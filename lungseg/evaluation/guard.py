"""How certain of a chest CT a segmenter must be, chosen on validation slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lungseg.data.sources import MaskedSlice
from lungseg.evaluation.measure import as_slice

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter


def guard_threshold(
    segmenter: LungSegmenter, sources: Mapping[str, Sequence[MaskedSlice]]
) -> float:
    """The probability of an axial body CT below which a slice is refused.

    A tenth of the odds that the least certain 1 % of the validation CT have: scanners and windows
    that validation does not hold are less certain, and a CT refused costs more than a foreign
    picture let through to the mask. 0, which refuses nothing, without CT in validation.
    """
    said = [one for slices in sources.values() for one in slices if one.chest == 1]
    if not said:
        return 0.0
    chest = [mask.chest_ct for mask in segmenter.predict([as_slice(one) for one in said])]
    least = float(np.clip(np.percentile(chest, 1), 1e-6, 1 - 1e-6))
    odds = least / (1 - least) / 10
    return odds / (1 + odds)
