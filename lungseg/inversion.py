"""Pictures that are shown inverted, air bright and bone dark, are read the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lungseg.lung_mask import LungMask
from lungseg.slice import Slice

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter

LEAST_LUNG = 0.005  # of the picture: what is called a find
MESSAGE = "inverted, air is bright: taken the other way round"


def masks_either_way(
    segmenter: LungSegmenter, slices: Sequence[Slice], batch_size: int = 16
) -> tuple[list[Slice], list[LungMask]]:
    """The slices as they are to be seen, and a mask for each.

    A displayed picture is also tried the other way round where its lung is brighter than what is
    around it, and where it shows none, or too much, in a bright frame, as air is in inverted ones.
    It stays so, with a message, where it is a chest CT with dark lungs then. Hounsfield units are
    what they are.
    """
    seen, masks = list(slices), segmenter.predict(slices, batch_size)
    doubtful = [
        index
        for index, (one, mask) in enumerate(zip(slices, masks, strict=True))
        if one.scale == "display" and _may_be_inverted(one, mask)
    ]
    turned = [_inverted(slices[index]) for index in doubtful]
    for index, one, mask in zip(
        doubtful, turned, segmenter.predict(turned, batch_size), strict=True
    ):
        if mask.chest_ct >= segmenter.min_chest_ct and _shows_lung(mask):
            seen[index], masks[index] = one, mask
    return seen, masks


def _may_be_inverted(one: Slice, mask: LungMask) -> bool:
    return "bright" in mask.flags or (not _shows_lung(mask) and _frame(one) > 0.5)


def _shows_lung(mask: LungMask) -> bool:
    return mask.lung_fraction >= LEAST_LUNG and not {"bright", "huge"} & set(mask.flags)


def _frame(one: Slice) -> float:
    """The usual grey of the outermost pixels."""
    pixels = one.pixels
    return float(np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])))


def _inverted(one: Slice) -> Slice:
    pixels = (1 - one.pixels).astype(np.float32)
    return replace(one, pixels=pixels, messages=(*one.messages, MESSAGE))
