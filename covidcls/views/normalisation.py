"""Grey values by what the mask knows, instead of by the window that a picture happens to have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lungseg.regions import lung_box, shrink_box

# Where lung and soft tissue come to lie. Above them there is room for bone and contrast agent,
# below for air.
LUNG, TISSUE = 0.2, 0.7
# Of the lung, the darkest quarter: its median rises where lesions fill half of it, and they would
# be taken for the window.
AERATED = 0.25
# Greys between lung and tissue for which the gain is not raised any more. A mediastinal window
# shows lung and fat both black: there is nothing in the lung to bring out but noise.
LEAST_CONTRAST = 0.15
# The ring, as shares of the square root of the lungs' area: how far from the lung it begins, so
# that half-covered pixels are out, and where it ends.
RING = (0.02, 0.1)
FEWEST = 32  # pixels of tissue; fewer, of a crop that is all lung, are no measure
VESSELS = 0.98  # of the lung, where there is no tissue around: its vessels are as bright


def normalised_by_lungs(
    pixels: NDArray[np.float32], mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """``pixels`` (float32 H x W in [0, 1]) with aerated lung at LUNG and soft tissue at TISSUE.

    Linear between and beyond, clipped to [0, 1]. A slice without ``mask`` (bool H x W) stays as it
    is.
    """
    if not mask.any():
        return pixels
    lung = _quantile(np.sort(pixels[mask]), AERATED)
    contrast = max(tissue_level(pixels, mask) - lung, LEAST_CONTRAST)
    scaled = LUNG + (pixels - np.float32(lung)) * np.float32((TISSUE - LUNG) / contrast)
    return np.clip(scaled, 0, 1, out=scaled)


def tissue_level(pixels: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Median grey of the soft tissue in a ring around the lungs; of their vessels without any.

    Of the ring, what is brighter than the typical lung: the rest is trachea, bowel and the air
    outside the body. ``mask`` is not empty.
    """
    import cv2

    lung = np.sort(pixels[mask])
    near, far = (share * np.sqrt(lung.size) for share in RING)
    near, far = max(near, 1.0), max(far, 3.0)
    box = lung_box(mask)
    assert box is not None
    height, width = mask.shape
    left, top, right, bottom = shrink_box(box, -int(far + 1), (height, width))
    window = np.s_[top:bottom, left:right]  # the whole ring is in it
    distance = cv2.distanceTransform((~mask[window]).astype(np.uint8), cv2.DIST_L2, 3)
    around = np.sort(pixels[window][(distance > near) & (distance <= far)])
    tissue = around[np.searchsorted(around, _quantile(lung, 0.5), side="right") :]
    return _quantile(lung, VESSELS) if tissue.size < FEWEST else _quantile(tissue, 0.5)


def _quantile(rising: NDArray[np.float32], share: float) -> float:
    """As ``np.quantile``, which takes ten times as long for what sorting also does."""
    place = share * (rising.size - 1)
    below = int(place)
    low, high = rising[below], rising[min(below + 1, rising.size - 1)]
    return float(low + (high - low) * np.float32(place - below))
