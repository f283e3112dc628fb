"""What makes masks in a comparison without a training of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lungseg.cleaning import clean_mask, without_outside_air
from lungseg.lung_mask import LungMask, Raw
from lungseg.pseudo_labelling import View, maps_of_views
from lungseg.threshold import threshold_display_lungs

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter
    from lungseg.slice import Slice


class ClassicMethod:
    """Otsu's threshold and components, where a segmenter is asked for masks."""

    min_chest_ct = 0.0

    def predict(self, slices: Sequence[Slice]) -> list[LungMask]:
        """A mask for each slice, cleaned as those of the networks are."""
        masks = []
        for one in slices:
            found = threshold_display_lungs(one.pixels).astype(np.float32)
            masks.append(LungMask(without_outside_air(clean_mask(found), one.pixels), found))
        return masks


class Averaged:
    """The mean of what networks say of altered copies of a slice, where one is asked for masks.

    ``passes``: the copies by network; thresholds and cleaning are those of the first network.
    """

    min_chest_ct = 0.0

    def __init__(self, passes: Mapping[LungSegmenter, Sequence[View]]) -> None:
        self.passes = passes

    def predict(self, slices: Sequence[Slice]) -> list[LungMask]:
        """A mask for each slice."""
        return [self._mask(one) for one in slices]

    def _mask(self, one: Slice) -> LungMask:
        found = [maps_of_views(network, one, views) for network, views in self.passes.items()]
        mean = np.concatenate([maps for maps, _ in found]).mean(axis=0)
        first = next(iter(self.passes))
        return first.mask_of(one, Raw(list(mean), found[0][1]))
