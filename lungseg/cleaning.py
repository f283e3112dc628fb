"""From probabilities to a clean mask: threshold, holes, components."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MIN_COMPONENT = 0.001  # of the picture: what is smaller counts as empty
MIN_SHARE = 0.04  # of the largest component: crumbs beside real lungs
MAX_HOLE = 0.1  # of the component: a larger hole is the heart in a ring of lung, not a vessel
CLEANING = f"1:{MIN_COMPONENT}:{MIN_SHARE}:{MAX_HOLE}"  # what kept masks depend on; count up


def clean_mask(probability: NDArray[np.float32], threshold: float = 0.5) -> NDArray[np.bool_]:
    """Bool H x W mask of a float32 H x W probability: crumbs dropped, small holes filled.

    A component is kept if it covers at least ``MIN_COMPONENT`` of the picture and ``MIN_SHARE``
    of the largest one. A hole is filled if it is smaller than ``MAX_HOLE`` of its component.
    """
    binary = (probability >= threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=4)
    clean = np.zeros(binary.shape, bool)
    if count == 1:
        return clean
    areas = stats[1:, cv2.CC_STAT_AREA]
    smallest = max(MIN_COMPONENT * binary.size, MIN_SHARE * int(areas.max()))
    for label in 1 + np.flatnonzero(areas >= smallest):
        x, y, width, height, area = stats[label]
        window = np.s_[y : y + height, x : x + width]
        component = labels[window] == label
        clean[window] |= component | _small_holes(component, MAX_HOLE * area)
    return clean


def _small_holes(component: NDArray[np.bool_], largest: float) -> NDArray[np.bool_]:
    """Pixels of the background of ``component`` that it encloses, in pieces below ``largest``."""
    outside = np.pad(~component, 1, constant_values=True).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < largest
    small[0] = False  # the component itself
    small[labels[0, 0]] = False  # the frame
    filled: NDArray[np.bool_] = small[labels][1:-1, 1:-1]
    return filled
