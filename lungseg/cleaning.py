"""From probabilities to a clean mask: threshold, holes, components, outside air."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MIN_COMPONENT = 0.001  # of the picture: what is smaller counts as empty
MIN_SHARE = 0.04  # of the largest component: crumbs beside real lungs
MAX_HOLE = 0.01  # of the component: larger ones are heart, mediastinum or dome, not a vessel
MAX_OUTSIDE = 0.2  # of what is around a piece: on COVID-CT pieces of lung have 0.03, of air 0.45
CLEANING = f"3:{MIN_COMPONENT}:{MIN_SHARE}:{MAX_HOLE}:{MAX_OUTSIDE}"  # kept masks depend on it


def clean_mask(
    probability: NDArray[np.float32], threshold: float = 0.5, max_hole: float = MAX_HOLE
) -> NDArray[np.bool_]:
    """Bool H x W mask of a float32 H x W probability: crumbs dropped, small holes filled.

    A component is kept if it covers at least ``MIN_COMPONENT`` of the picture and ``MIN_SHARE``
    of the largest one. A hole is filled if it is smaller than ``max_hole`` of its component.
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
        clean[window] |= component | _small_holes(component, max_hole * area)
    return clean


def without_outside_air(mask: NDArray[np.bool_], pixels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Drop what lies in the air around the patient: beside the shoulders, between body and table.

    ``mask``: bool H x W as :func:`clean_mask` gives it; ``pixels``: float32 H x W in [0, 1]. The
    two largest components are never dropped. A further one goes if more than ``MAX_OUTSIDE`` of
    the pixels around it are air that reaches the frame: grey values nearer to those of the two
    than to the tissue around them.
    """
    # without statistics, four times as fast: most slices have two pieces and are done here
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    if count <= 3:
        return mask
    largest_first = 1 + np.argsort(-np.bincount(labels.ravel())[1:], kind="stable")
    lungs = np.isin(labels, largest_first[:2])
    grey = np.asarray(cv2.medianBlur((pixels * 255).astype(np.uint8), 5), np.float32)
    wall = grey[_around(lungs) & ~mask]
    if not wall.size:
        return mask
    lung_grey, wall_grey = np.median(grey[lungs]), np.percentile(wall, 75)
    air = (np.abs(grey - lung_grey) < abs(wall_grey - lung_grey) / 2) & ~mask
    _, regions = cv2.connectedComponents(air.astype(np.uint8), connectivity=4)
    frame = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
    outside = np.isin(regions, frame[frame > 0])
    kept = mask.copy()
    for label in largest_first[2:]:
        piece = labels == label
        around = outside[_around(piece)]
        if around.size and around.mean() > MAX_OUTSIDE:
            kept &= ~piece
    return kept


def certainty(mask: NDArray[np.bool_], probability: NDArray[np.float32]) -> float:
    """The highest mean ``probability`` (float32 H x W) of a component of ``mask``; 0 without one.

    Lung that is there is found with certainty somewhere; bowel gas and the like are only guessed.
    """
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    pieces = ((labels == label).astype(np.uint8) for label in range(1, count))
    return max((cv2.mean(probability, piece)[0] for piece in pieces), default=0.0)


def _around(piece: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels up to four away from ``piece``."""
    wider = cv2.dilate(piece.astype(np.uint8), np.ones((9, 9), np.uint8))
    return np.asarray(wider > 0) & ~piece


def _small_holes(component: NDArray[np.bool_], largest: float) -> NDArray[np.bool_]:
    """Pixels of the background of ``component`` that it encloses, in pieces below ``largest``."""
    background = np.pad(~component, 1, constant_values=True).astype(np.uint8)
    cv2.floodFill(background, None, (0, 0), 0, flags=8)  # from the frame
    enclosed = background[1:-1, 1:-1]
    if not enclosed.any():  # the usual case, and labelling takes most of the time
        return enclosed > 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(enclosed, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < largest
    small[0] = False  # what is not enclosed
    filled: NDArray[np.bool_] = small[labels]
    return filled
