"""Figures of a segmenter on slices with true masks, with intervals over patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lungseg.bootstrap import Interval, interval, mean_interval
from lungseg.data.sources import LESION, LUNG, WIDE_WINDOW, MaskedSlice
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


def worst_decile(
    scores: np.ndarray[tuple[int], np.dtype[np.float64]],
    weights: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Mean of the lowest tenth of ``scores`` (N), for weights B x N: B values."""
    order = np.argsort(scores)
    counts = weights[:, order]
    tenth = counts.sum(axis=1, keepdims=True) / 10
    before = np.cumsum(counts, axis=1) - counts
    taken = np.clip(tenth - before, 0, counts)
    result: np.ndarray[tuple[int], np.dtype[np.float64]] = taken @ scores[order] / taken.sum(axis=1)
    return result
