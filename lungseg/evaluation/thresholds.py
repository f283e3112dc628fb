"""From which probability on a pixel is lung, or lesion, chosen on validation slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lungseg.cleaning import certainty
from lungseg.data.sources import LESION, LUNG, MaskedSlice
from lungseg.evaluation.measure import as_slice
from lungseg.metrics import EMPTY, dice

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter

GRID = np.round(np.arange(0.2, 0.96, 0.05), 2)
BATCH = 16
CERTAINTY_MARGIN = 0.02
LUNG_SHOWN = 0.005  # of the picture: a smaller piece may be missed


def min_certainty(segmenter: LungSegmenter, sources: Mapping[str, Sequence[MaskedSlice]]) -> float:
    """The certainty (:func:`lungseg.cleaning.certainty`) below which a mask is taken for none.

    Half way between the least certain slice whose lung covers at least ``LUNG_SHOWN`` of the
    picture, and the surest mask where there is no lung, of what the guard takes for a chest CT; but
    at least ``CERTAINTY_MARGIN`` below the former. 0, which drops no mask, where no lung was found.
    """
    true, false = [], [0.0]
    for slices in sources.values():
        masks = segmenter.predict([as_slice(one) for one in slices])
        for one, found in zip(slices, masks, strict=True):
            if not found.mask.any():
                continue
            sure, lung = certainty(found.mask, found.probability), one.masks[..., LUNG] > 0
            if lung.mean() >= LUNG_SHOWN:
                true.append(sure)
            elif not lung.any() and found.chest_ct >= segmenter.min_chest_ct:
                false.append(sure)
    least = min(true, default=0.0)
    return round(max(0.0, min((least + max(false)) / 2, least - CERTAINTY_MARGIN)), 4)


def choose_thresholds(
    segmenter: LungSegmenter, sources: Mapping[str, Sequence[MaskedSlice]]
) -> dict[str, Any]:
    """``threshold`` and, where lesions are labelled, ``lesion_threshold``, for a card.

    Of ``GRID`` the value with the highest mean Dice over the slices that have lung, every source
    counting the same; for lesions, of the pixels that are rather lung than not, with the highest
    Dice of all pixels as one, slices without lesion included. Without any true lung the threshold
    is 0.5. The card names the sources.
    """
    lung_dice: dict[str, NDArray[np.float64]] = {}
    lesions_in: dict[str, None] = {}  # a set that keeps the order
    common, total = np.zeros(len(GRID)), np.zeros(len(GRID))
    for name, slices in sources.items():
        scores = []
        for start in range(0, len(slices), BATCH):
            batch = slices[start : start + BATCH]
            raw = segmenter.raw([as_slice(one) for one in batch])
            for one, (maps, *_) in zip(batch, raw, strict=True):
                lung = one.masks[..., LUNG] > 0
                if lung.mean() >= EMPTY:
                    scores.append([dice(maps[LUNG] >= value, lung) for value in GRID])
                if len(maps) > LESION and one.known[LESION]:
                    lesions_in[name] = None
                    lesion = one.masks[..., LESION] > 0
                    inside = maps[LESION] * (maps[LUNG] >= 0.5)
                    found = [inside >= value for value in GRID]
                    common += [2 * int((mask & lesion).sum()) for mask in found]
                    total += [int(mask.sum()) + int(lesion.sum()) for mask in found]
        if scores:
            lung_dice[name] = np.mean(scores, axis=0)
    if not lung_dice:
        return {"threshold": 0.5}
    card: dict[str, Any] = {
        "threshold": float(GRID[np.mean(list(lung_dice.values()), axis=0).argmax()]),
        "threshold_chosen_by": "mean Dice of validation, sources counting the same: "
        + ", ".join(lung_dice),
    }
    if common.any():
        card["lesion_threshold"] = float(GRID[(common / np.maximum(total, 1)).argmax()])
        card["lesion_threshold_chosen_by"] = f"pooled Dice of validation: {', '.join(lesions_in)}"
    return card
