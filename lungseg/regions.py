"""Boxes around the lungs, crops with a margin, and the region modes of the ablation."""

from __future__ import annotations

import zlib
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
Region = Literal["crop", "full", "mask", "crop_mask", "random_box", "background"]
REGIONS: tuple[Region, ...] = get_args(Region)
DEFAULT_MARGIN = 5  # pixels, inwards: r of Tran et al. 2021


def lung_box(mask: NDArray[np.bool_]) -> Box | None:
    """Smallest box ``(x_min, y_min, x_max, y_max)``, half-open pixels, around a bool H x W mask.

    None when the mask is empty.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def shrink_box(box: Box, margin: int, shape: tuple[int, int]) -> Box:
    """Move each side ``margin`` pixels inwards (Tran et al. 2021, r); a negative margin grows.

    The result is clipped to ``shape`` (H, W); a box that the margin would empty is kept as it was.
    """
    height, width = shape
    x_min, y_min, x_max, y_max = box
    moved = (
        max(x_min + margin, 0),
        max(y_min + margin, 0),
        min(x_max - margin, width),
        min(y_max - margin, height),
    )
    if moved[0] >= moved[2] or moved[1] >= moved[3]:
        return box
    return moved


def crop(
    pixels: NDArray[np.float32], box: Box, margin: int = DEFAULT_MARGIN
) -> NDArray[np.float32]:
    """The part of ``pixels`` (H x W, or H x W x C) inside ``box`` shrunk by ``margin``; a view."""
    x_min, y_min, x_max, y_max = shrink_box(box, margin, (pixels.shape[0], pixels.shape[1]))
    return pixels[y_min:y_max, x_min:x_max]


def uncrop(
    patch: NDArray[np.float32],
    box: Box,
    shape: tuple[int, int],
    margin: int = DEFAULT_MARGIN,
    fill: float = 0.0,
) -> NDArray[np.float32]:
    """Put a crop back where it was: H x W of ``shape``, ``fill`` outside the box.

    Raises ValueError when ``patch`` does not have the size of the shrunk box.
    """
    x_min, y_min, x_max, y_max = shrink_box(box, margin, shape)
    if patch.shape != (y_max - y_min, x_max - x_min):
        raise ValueError(
            f"patch of {patch.shape} does not fit box {box} with margin {margin}, "
            f"which is {(y_max - y_min, x_max - x_min)} (H, W)"
        )
    whole = np.full(shape, fill, dtype=patch.dtype)
    whole[y_min:y_max, x_min:x_max] = patch
    return whole


def random_box(shape: tuple[int, int], box: Box, seed: int) -> Box:
    """A box of the size of ``box`` at a random place of a picture of ``shape`` (H, W)."""
    height, width = shape
    box_height, box_width = box[3] - box[1], box[2] - box[0]
    rng = np.random.default_rng(seed)
    x_min = int(rng.integers(0, width - box_width + 1))
    y_min = int(rng.integers(0, height - box_height + 1))
    return x_min, y_min, x_min + box_width, y_min + box_height


def content_seed(pixels: NDArray[np.float32]) -> int:
    """A seed that a slice (values in [0, 1]) has wherever it lies and whatever its file is called,
    so that training and use draw one box."""
    return zlib.crc32(np.round(pixels * 255).astype(np.uint8).tobytes())


def region_of(
    pixels: NDArray[np.float32],
    mask: NDArray[np.bool_],
    region: Region,
    margin: int = DEFAULT_MARGIN,
    seed: int = 0,
) -> NDArray[np.float32]:
    """What stage 2 sees of a slice: ``mask`` bool H x W, ``pixels`` float32 in [0, 1], H x W or
    H x W x C, all channels alike.

    ``crop`` (the paper), ``full`` (the whole slice), ``mask`` (zero outside the lungs),
    ``crop_mask`` (both), ``random_box`` (a box as large as the crop, fixed by ``seed``) and
    ``background`` (zero inside the lungs: what is known without them). An empty mask leaves the
    slice whole. Raises ValueError for an unknown region, and for a mask of another size.
    """
    if region not in REGIONS:
        raise ValueError(f"unknown region {region!r}; known are {', '.join(REGIONS)}")
    shape = (pixels.shape[0], pixels.shape[1])
    if mask.shape != shape:
        raise ValueError(f"mask of {mask.shape} (H, W) does not fit pixels of {pixels.shape}")
    inside = mask if pixels.ndim == 2 else mask[..., np.newaxis]
    box = lung_box(mask)
    if region == "full" or box is None:
        return pixels
    if region == "crop":
        return crop(pixels, box, margin)
    if region == "mask":
        return np.where(inside, pixels, np.float32(0))
    if region == "crop_mask":
        return crop(np.where(inside, pixels, np.float32(0)), box, margin)
    if region == "random_box":
        # shrunk first: a grown box moved to the edge would be clipped to another size than the crop
        return crop(pixels, random_box(shape, shrink_box(box, margin, shape), seed), margin=0)
    return np.where(inside, np.float32(0), pixels)
