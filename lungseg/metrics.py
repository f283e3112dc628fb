"""Agreement of a mask with the true one: overlap, and distance between their surfaces.

Masks are bool H x W arrays of one shape. What is undefined for empty masks has one convention: two
empty masks agree wholly (Dice, IoU and surface Dice 1, distance 0), and an empty one is as far from
another as the picture allows (Dice, IoU and surface Dice 0, each distance the picture's diagonal).
So a missed lung makes every mean worse, where an infinite distance could not be averaged and one
left out would flatter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungseg.regions import lung_box

EMPTY = 0.001  # share of the picture under which a mask, true or predicted, counts as empty
TOLERANCE = 2.0  # pixels by which two readers may differ


@dataclass(frozen=True)
class Overlap:
    """Counts of ``pixels`` in all, in both masks, in the ``predicted`` one and in the ``true`` one.

    The sum of the slices' overlaps is that of their volume.
    """

    common: int
    predicted: int
    true: int
    pixels: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Overlap:
        """Raises ValueError for masks of different shapes, or that are not bool."""
        _check_masks(mask, truth)
        return cls(int((mask & truth).sum()), int(mask.sum()), int(truth.sum()), mask.size)

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(
            self.common + other.common,
            self.predicted + other.predicted,
            self.true + other.true,
            self.pixels + other.pixels,
        )

    @property
    def dice(self) -> float:
        """2 |A and B| / (|A| + |B|), 0 to 1."""
        total = self.predicted + self.true
        return 2 * self.common / total if total else 1.0

    @property
    def iou(self) -> float:
        """|A and B| / |A or B|, 0 to 1."""
        union = self.predicted + self.true - self.common
        return self.common / union if union else 1.0

    @property
    def has_target(self) -> bool:
        """Whether the true mask covers at least ``EMPTY`` of the picture."""
        return self.true >= EMPTY * self.pixels

    @property
    def left_empty(self) -> bool:
        """Whether the predicted mask covers less than ``EMPTY`` of the picture."""
        return self.predicted < EMPTY * self.pixels


def dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """2 |A and B| / (|A| + |B|), 0 to 1; two empty masks agree: 1."""
    return Overlap.of(mask, truth).dice


def iou(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """|A and B| / |A or B|, 0 to 1; two empty masks agree: 1."""
    return Overlap.of(mask, truth).iou


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Of each surface pixel of one mask to the nearest of the other, in pixels.

    Surface are the pixels of a mask with one of their four neighbours outside of it or outside of
    the picture. ``predicted``: from the predicted mask to the true one; ``true``: the other way.
    """

    predicted: NDArray[np.float64]
    true: NDArray[np.float64]

    @property
    def hd95(self) -> float:
        """The larger of the 95th percentiles of both directions, in pixels (Metrics Reloaded,
        Maier-Hein et al. 2024); the mean of both, or one percentile of all, would be smaller."""
        return max(
            (float(np.percentile(one, 95)) for one in (self.predicted, self.true) if one.size),
            default=0.0,
        )

    def dice(self, tolerance: float = TOLERANCE) -> float:
        """Share of both surfaces within ``tolerance`` pixels of the other one, 0 to 1
        (Nikolov et al. 2018, with a pixel for an element of surface)."""
        both = np.concatenate([self.predicted, self.true])
        return float((both <= tolerance).mean()) if both.size else 1.0


def surface_distances(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> SurfaceDistances:
    """Distances between pixel centres of both surfaces; to an empty mask each is the diagonal.

    Raises ValueError for masks of different shapes, or that are not bool.
    """
    _check_masks(mask, truth)
    box = lung_box(mask | truth)
    if box is None:
        return SurfaceDistances(np.zeros(0), np.zeros(0))
    x_min, y_min, x_max, y_max = box
    predicted, true = (_surface(one[y_min:y_max, x_min:x_max]) for one in (mask, truth))
    diagonal = float(np.hypot(*mask.shape))
    return SurfaceDistances(
        _to_nearest(predicted, true, diagonal), _to_nearest(true, predicted, diagonal)
    )


def hd95(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """95th percentile of the Hausdorff distance, in pixels: see :class:`SurfaceDistances`."""
    return surface_distances(mask, truth).hd95


def surface_dice(
    mask: NDArray[np.bool_], truth: NDArray[np.bool_], tolerance: float = TOLERANCE
) -> float:
    """Share of both surfaces that agree within ``tolerance`` pixels, 0 to 1."""
    return surface_distances(mask, truth).dice(tolerance)


def _check_masks(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> None:
    if mask.shape != truth.shape:
        raise ValueError(f"masks of {mask.shape} and {truth.shape} pixels, expected one shape")
    if not mask.dtype == truth.dtype == np.bool_:
        raise ValueError(
            f"masks of {mask.dtype} and {truth.dtype}, expected bool: mask > 0, or mask == label"
        )


def _surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    # outside of the picture is no mask
    inner = cv2.erode(mask.astype(np.uint8), cross, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return mask & (inner == 0)


def _to_nearest(
    start: NDArray[np.bool_], goal: NDArray[np.bool_], nowhere: float
) -> NDArray[np.float64]:
    """Distances of the true pixels of ``start`` to the nearest of ``goal``, or ``nowhere``."""
    import cv2

    if not goal.any():
        return np.full(int(start.sum()), nowhere)
    distances = cv2.distanceTransform((~goal).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distances[start].astype(np.float64)
