"""Figures of a segmenter on labelled slices, as its card has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lungseg.bootstrap import Interval, interval, mean_interval
from lungseg.data.sources import LESION, LUNG, WIDE_WINDOW, MaskedSlice
from lungseg.evaluation.figures import left_empty, pooled_dice, worst_decile
from lungseg.evaluation.lesion_share import share_figures
from lungseg.io import as_slices, window_hu
from lungseg.metrics import Overlap
from lungseg.slice import Slice

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter


def as_slice(one: MaskedSlice) -> Slice:
    """A training slice in the normal form, wide ones through the usual lung window."""
    if not one.wide:
        return as_slices(one.picture)[0]
    low, high = WIDE_WINDOW
    return as_slices(window_hu(one.picture.astype(np.float32) / 255 * (high - low) + low))[0]


def measure(segmenter: LungSegmenter, slices: Sequence[MaskedSlice]) -> dict[str, Interval]:
    """``dice`` and ``worst_decile`` of the lungs (mean over the slices that have lung),
    ``lesion_dice`` (mean over slices with a lesion), ``lesion_dice_pooled`` (all pixels as one),
    ``lesion_share_*`` (see :func:`share_figures`; of slices that have lung, true and predicted)
    and ``expected_share_*`` (the same of ``LungMask.expected_lesion_fraction``),
    ``empty`` (share of the slices without lung that stay empty), ``refused`` (share of all that
    the guard takes for no chest CT), each only where it has slices.

    A slice has what its true mask shows on at least :data:`lungseg.metrics.EMPTY` of the picture.
    Intervals are clustered by patient.
    """
    masks = segmenter.predict([as_slice(one) for one in slices])
    patients = [one.patient for one in slices]
    lungs = [
        Overlap.of(mask.mask, one.masks[..., LUNG] > 0)
        for mask, one in zip(masks, slices, strict=True)
    ]
    figures: dict[str, Interval] = {}
    if slices and segmenter.min_chest_ct > 0:
        refused = np.array([mask.chest_ct < segmenter.min_chest_ct for mask in masks], float)
        figures["refused"] = mean_interval(refused, patients)
    with_lung = [i for i, lung in enumerate(lungs) if lung.has_target]
    if with_lung:
        scores = np.array([lungs[i].dice for i in with_lung])
        of_lung = [patients[i] for i in with_lung]
        figures["dice"] = mean_interval(scores, of_lung)
        figures["worst_decile"] = interval(lambda weights: worst_decile(scores, weights), of_lung)
    without = [i for i, lung in enumerate(lungs) if not lung.has_target]
    if without:
        figures["empty"] = left_empty([lungs[i] for i in without], [patients[i] for i in without])
    lesions = {
        i: Overlap.of(mask.lesion, slices[i].masks[..., LESION] > 0)
        for i, mask in enumerate(masks)
        if slices[i].known[LESION] and mask.lesion is not None
    }
    with_lesion = [i for i, lesion in lesions.items() if lesion.has_target]
    if with_lesion:
        figures["lesion_dice"] = mean_interval(
            np.array([lesions[i].dice for i in with_lesion]), [patients[i] for i in with_lesion]
        )
        figures["lesion_dice_pooled"] = pooled_dice(
            list(lesions.values()), [patients[i] for i in lesions]
        )
    # slices without lesions too: what is found in them is the error
    shared = [i for i in lesions if lungs[i].has_target]
    for name, said in (
        ("lesion_share", {i: masks[i].lesion_fraction for i in shared}),
        ("expected_share", {i: masks[i].expected_lesion_fraction for i in shared}),
    ):
        known = {i: share for i, share in said.items() if share is not None}
        if known:
            true = [lesions[i].true / lungs[i].true for i in known]
            figures |= share_figures(list(known.values()), true, [patients[i] for i in known], name)
    return figures
