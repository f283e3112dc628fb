"""Figures of a segmenter on labelled slices, as its card has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lungseg.bootstrap import Interval, interval, mean_interval
from lungseg.data.sources import LESION, LUNG, WIDE_WINDOW, MaskedSlice
from lungseg.evaluation.figures import worst_decile
from lungseg.io import as_slices, window_hu
from lungseg.metrics import dice
from lungseg.segmenter import LungSegmenter
from lungseg.slice import Slice


def as_slice(one: MaskedSlice) -> Slice:
    """A training slice in the normal form, wide ones through the usual lung window."""
    if not one.wide:
        return as_slices(one.picture)[0]
    low, high = WIDE_WINDOW
    return as_slices(window_hu(one.picture.astype(np.float32) / 255 * (high - low) + low))[0]


def measure(segmenter: LungSegmenter, slices: Sequence[MaskedSlice]) -> dict[str, Interval]:
    """``dice`` and ``worst_decile`` of the lungs (mean over the slices that have lung),
    ``lesion_dice`` (mean over slices with a lesion), ``lesion_dice_pooled`` (all pixels as one),
    ``empty`` (share of the slices without lung that stay empty), each only where it has slices.

    Intervals are clustered by patient.
    """
    masks = segmenter.predict([as_slice(one) for one in slices])
    with_lung = [i for i, one in enumerate(slices) if one.masks[..., LUNG].any()]
    without = [i for i, one in enumerate(slices) if not one.masks[..., LUNG].any()]
    figures: dict[str, Interval] = {}

    def patients(chosen: Sequence[int]) -> list[str]:
        return [slices[i].patient for i in chosen]

    if with_lung:
        scores = np.array([dice(masks[i].mask, slices[i].masks[..., LUNG] > 0) for i in with_lung])
        figures["dice"] = mean_interval(scores, patients(with_lung))
        figures["worst_decile"] = interval(
            lambda weights: worst_decile(scores, weights), patients(with_lung)
        )
    if without:
        empty = np.array([not masks[i].mask.any() for i in without], float)
        figures["empty"] = mean_interval(empty, patients(without))
    lesions = [
        i
        for i, one in enumerate(slices)
        if one.known[LESION] and one.masks[..., LESION].any() and masks[i].lesion is not None
    ]
    if lesions:
        pairs = [(masks[i].lesion, slices[i].masks[..., LESION] > 0) for i in lesions]
        scores_lesion = np.array([dice(m, t) for m, t in pairs if m is not None])
        hit = np.array([2 * (m & t).sum() for m, t in pairs if m is not None], float)
        total = np.array([m.sum() + t.sum() for m, t in pairs if m is not None], float)
        figures["lesion_dice"] = mean_interval(scores_lesion, patients(lesions))
        figures["lesion_dice_pooled"] = interval(
            lambda weights: weights @ hit / (weights @ total), patients(lesions)
        )
    return figures
