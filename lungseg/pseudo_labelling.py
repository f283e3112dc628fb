"""Pseudo-labels of a slice: kept where a network agrees with itself on altered copies of it.

The copies are turned, resized and of other grey values; their maps are averaged (test-time
augmentation), and how far each is from the average says how sure the average is. Nothing of a data
set is looked at but its pixels: which slices are COVID and which are not stays unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lungseg.lung_mask import LungMask, Raw
from lungseg.metrics import dice
from lungseg.pseudo_labels import MAX_SIDE, Filters
from lungseg.shrinking import shrunk
from lungseg.slice import Slice

Maps = NDArray[np.float32]

CLEAR = 0.3  # a probability is clear that far from 0.5
NO_LESION = 0.002  # of the lung: a lesion mask below that is a speck
# of lungseg.flags: one lung alone is a failure more often than a finding, and there are slices
# enough; a figure that is cropped to the lungs touches the border and is welcome
DOUBTFUL = ("many-pieces", "huge", "one-lung", "uncertain")


@dataclass(frozen=True)
class View:
    """An altered copy: ``flip`` axes of the picture, ``scale`` of the network's input size, grey
    values to the power of ``gamma``, then ``contrast`` around the middle grey."""

    flip: tuple[int, ...] = ()
    scale: float = 1.0
    gamma: float = 1.0
    contrast: float = 1.0

    def of(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Float32 H x W in [0, 1], changed but for its size."""
        turned = np.flip(pixels, self.flip)
        grey = 0.5 + self.contrast * (turned**self.gamma - 0.5)
        return np.ascontiguousarray(grey.clip(0, 1), np.float32)

    def undo(self, maps: Sequence[NDArray[np.float32]]) -> Maps:
        """C x H x W maps of the copy, in the geometry of the slice."""
        return np.stack([np.flip(one, self.flip) for one in maps])

    def input_size(self, size: int) -> int:
        """Side of the network's input, a multiple of 32, for a network made for ``size``."""
        return 32 * round(size * self.scale / 32)


VIEWS = (
    View(),
    View(flip=(1,)),
    View(flip=(0,)),
    View(scale=0.875),
    View(scale=1.25),
    View(gamma=0.8),
    View(gamma=1.25),
    View(contrast=0.8),
)


class Segmenter(Protocol):
    """What is needed of :class:`lungseg.segmenter.LungSegmenter`."""

    size: int
    threshold: float
    lesion_threshold: float
    min_chest_ct: float

    def raw(self, slices: Sequence[Slice], size: int | None = None) -> list[Raw]: ...

    def mask_of(self, one: Slice, raw: Raw) -> LungMask: ...


@dataclass(frozen=True, eq=False)
class PseudoLabel:
    """The ``mask`` of the averaged maps, what they agree on (see :class:`Row`), and why it is not
    kept; ``reason`` is empty where it is."""

    mask: LungMask
    agreement_lung: float
    agreement_lesion: float | None
    uncertain: float
    lesion_known: bool
    reason: str


def pseudo_label(
    segmenter: Segmenter, one: Slice, filters: Filters | None = None, views: Sequence[View] = VIEWS
) -> PseudoLabel:
    """The pseudo-label of a slice, which is shrunk to ``MAX_SIDE`` before.

    ``views``: the altered copies; the first one, unaltered, tells whether it is a chest CT.
    """
    one = replace(one, pixels=shrunk(one.pixels, MAX_SIDE))
    maps, chest = maps_of_views(segmenter, one, views)
    mask = segmenter.mask_of(one, Raw(list(maps.mean(axis=0)), chest))
    thresholds = segmenter.threshold, segmenter.lesion_threshold
    return judge(maps, mask, thresholds, segmenter.min_chest_ct, filters or Filters())


def maps_of_views(segmenter: Segmenter, one: Slice, views: Sequence[View]) -> tuple[Maps, float]:
    """Float32 V x C x H x W maps of V copies in the geometry of the slice, and ``chest_ct`` of the
    first."""
    found: dict[int, tuple[Maps, float]] = {}
    sizes = [view.input_size(segmenter.size) for view in views]
    for size in dict.fromkeys(sizes):
        numbers = [number for number, own in enumerate(sizes) if own == size]
        copies = [replace(one, pixels=views[number].of(one.pixels)) for number in numbers]
        for number, raw in zip(numbers, segmenter.raw(copies, size), strict=True):
            found[number] = views[number].undo(raw.maps), raw.chest_ct
    return np.stack([found[number][0] for number in range(len(views))]), found[0][1]


def judge(
    maps: Maps,
    mask: LungMask,
    thresholds: tuple[float, float],
    min_chest_ct: float,
    filters: Filters,
) -> PseudoLabel:
    """Measure how far the maps of the copies agree, and apply the filters.

    ``maps``: float32 V x C x H x W of V copies, lung and perhaps lesion. ``mask``: of their mean,
    cleaned. ``thresholds``: of lung and lesion.
    """
    threshold, lesion_threshold = thresholds
    averaged = maps.mean(axis=0)
    lungs = maps[:, 0] >= threshold
    agreement = _agreement(lungs, averaged[0] >= threshold)
    unclear = (abs(averaged[0] - 0.5) < CLEAR).astype(bool)
    uncertain = float(unclear.sum() / max((unclear | mask.mask).sum(), 1))
    agreement_lesion, lesion_known = None, False
    if mask.lesion is not None:
        lesions = (maps[:, 1] >= lesion_threshold) & mask.mask
        agreement_lesion = _agreement(lesions, mask.lesion)
        speck = NO_LESION * mask.mask.sum()
        clearly_none = lesions.sum(axis=(1, 2)).max() <= speck
        some = mask.lesion.sum() > speck
        sure = agreement_lesion >= filters.min_lesion_agreement
        lesion_known = bool(clearly_none or (some and sure))
    failed = {
        "not_ct": mask.chest_ct < min_chest_ct,
        "no_lung": not mask.mask.any(),
        "lungs_disagree": agreement < filters.min_agreement,
        "uncertain": uncertain > filters.max_uncertain,
        "shape": any(flag in DOUBTFUL for flag in mask.flags),
    }
    reason = next((name for name in failed if failed[name]), "")
    return PseudoLabel(mask, agreement, agreement_lesion, uncertain, lesion_known, reason)


def _agreement(masks: NDArray[np.bool_], average: NDArray[np.bool_]) -> float:
    return float(np.mean([dice(one, average) for one in masks]))
