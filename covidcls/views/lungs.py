"""What stage 2 is told of the lungs of a slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungseg.lung_mask import LungMask


@dataclass(frozen=True, eq=False)
class Lungs:
    """``mask``: bool H x W. ``lesion``: uint8 H x W, the probability of lesion from 0 to 255, zero
    outside the lungs; None where stage 1 knows no lesions. ``findings``: float32 F, as those of
    :class:`lungseg.lung_mask.LungMask`.

    8 bits, as a cache keeps it, so that use sees what training saw. From 128 on, which is a half,
    a pixel is in ``LungMask.lesion``.
    """

    mask: NDArray[np.bool_]
    lesion: NDArray[np.uint8] | None = None
    findings: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, found: LungMask) -> Lungs:
        """Of what stage 1 says."""
        if found.lesion_probability is None:
            return cls(found.mask)
        lesion = (found.lesion_probability * 255 + 0.5).astype(np.uint8)
        return cls(found.mask, lesion, found.findings)
