"""From what stage 2 saw back to the slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lungseg.regions import Box, Region, lung_box, random_box, shrink_box, uncrop


def seen_box(mask: NDArray[np.bool_], region: Region, margin: int, seed: int = 0) -> Box:
    """The box of a slice with the lung ``mask`` (bool H x W) that :func:`lungseg.regions.region_of`
    shows of it; what it blackens inside of the box counts as seen."""
    height, width = mask.shape
    box = lung_box(mask)
    if box is None or region not in ("crop", "crop_mask", "random_box"):
        return 0, 0, width, height
    shrunk = shrink_box(box, margin, (height, width))
    return random_box((height, width), shrunk, seed) if region == "random_box" else shrunk


def window(box: Box) -> tuple[slice, slice]:
    """A box of pixels as an index into H x W."""
    x_min, y_min, x_max, y_max = box
    return slice(y_min, y_max), slice(x_min, x_max)


def on_slice(cells: NDArray[np.float64], box: Box, shape: tuple[int, int]) -> NDArray[np.float32]:
    """The positive part of a map h x w, bilinear, where ``box`` lies in a slice of ``shape``.

    float32 H x W; values keep their units and are not stretched, outside of the box they are 0.
    """
    import cv2

    size = (box[2] - box[0], box[3] - box[1])
    positive = np.maximum(cells, 0).astype(np.float32)
    patch = cv2.resize(positive, size, interpolation=cv2.INTER_LINEAR)
    return uncrop(np.asarray(patch, np.float32), box, shape, margin=0)
