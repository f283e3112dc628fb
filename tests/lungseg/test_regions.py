"""Boxes, margins and region modes, for any mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lungseg.regions import (
    REGIONS,
    crop,
    lung_box,
    random_box,
    region_of,
    shrink_box,
    uncrop,
)

shapes = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24)
masks = shapes.flatmap(lambda shape: arrays(np.bool_, shape)).filter(lambda mask: mask.any())
margins = st.integers(-8, 8)


def pixels_of(mask: np.ndarray) -> np.ndarray:
    """Pixels that all differ and of which none is 0."""
    return (np.arange(1, mask.size + 1, dtype=np.float32) / mask.size).reshape(mask.shape)


@given(masks)
def test_box_is_half_open_and_tight(mask: np.ndarray) -> None:
    x_min, y_min, x_max, y_max = lung_box(mask)
    inside = mask[y_min:y_max, x_min:x_max]
    assert inside.sum() == mask.sum()
    for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
        assert edge.any()


def test_box_of_one_pixel_and_of_nothing() -> None:
    mask = np.zeros((7, 9), bool)
    assert lung_box(mask) is None
    mask[2, 6] = True
    assert lung_box(mask) == (6, 2, 7, 3)


def test_margin_moves_each_side_inwards_as_in_the_paper() -> None:
    assert shrink_box((10, 20, 90, 70), 5, (100, 100)) == (15, 25, 85, 65)


def test_negative_margin_grows_up_to_the_picture() -> None:
    assert shrink_box((10, 20, 90, 70), -15, (80, 100)) == (0, 5, 100, 80)


@pytest.mark.parametrize("box", [(0, 0, 10, 50), (0, 0, 50, 10), (3, 3, 4, 4)])
def test_box_that_the_margin_would_empty_is_kept(box: tuple[int, int, int, int]) -> None:
    assert shrink_box(box, 5, (50, 50)) == box


@given(masks, margins)
def test_shrunk_box_is_never_empty_nor_outside(mask: np.ndarray, margin: int) -> None:
    height, width = mask.shape
    x_min, y_min, x_max, y_max = shrink_box(lung_box(mask), margin, mask.shape)
    assert 0 <= x_min < x_max <= width
    assert 0 <= y_min < y_max <= height


@given(masks, margins)
def test_uncrop_puts_a_crop_back_where_it_was(mask: np.ndarray, margin: int) -> None:
    pixels = pixels_of(mask)
    box = lung_box(mask)
    whole = uncrop(crop(pixels, box, margin), box, mask.shape, margin, fill=-1)
    x_min, y_min, x_max, y_max = shrink_box(box, margin, mask.shape)
    inside = np.zeros(mask.shape, bool)
    inside[y_min:y_max, x_min:x_max] = True
    assert (whole[inside] == pixels[inside]).all()
    assert (whole[~inside] == -1).all()


def test_uncrop_refuses_a_patch_of_another_size() -> None:
    with pytest.raises(ValueError, match=r"\(3, 4\) does not fit .* \(4, 3\)"):
        uncrop(np.zeros((3, 4), np.float32), (0, 0, 3, 4), (9, 9), margin=0)


@given(masks, margins, st.integers(0, 2**32))
def test_regions_show_what_they_say(mask: np.ndarray, margin: int, seed: int) -> None:
    pixels = pixels_of(mask)
    seen = {region: region_of(pixels, mask, region, margin, seed) for region in REGIONS}
    box = lung_box(mask)
    assert (seen["full"] == pixels).all()
    assert (seen["crop"] == crop(pixels, box, margin)).all()
    assert (seen["mask"] == pixels * mask).all()
    assert (seen["crop_mask"] == crop(pixels * mask, box, margin)).all()
    assert (seen["background"] == pixels * ~mask).all()
    assert seen["random_box"].shape == seen["crop"].shape
    assert np.isin(seen["random_box"], pixels).all()
    assert all(picture.dtype == np.float32 and picture.size for picture in seen.values())


@pytest.mark.parametrize("region", REGIONS)
def test_slice_without_lung_stays_whole(region: str) -> None:
    pixels = np.random.default_rng(0).random((6, 8), dtype=np.float32)
    assert (region_of(pixels, np.zeros((6, 8), bool), region) == pixels).all()


@given(masks, st.integers(0, 2**32))
def test_random_box_keeps_the_size_inside_the_picture(mask: np.ndarray, seed: int) -> None:
    box = lung_box(mask)
    moved = random_box(mask.shape, box, seed)
    assert (moved[2] - moved[0], moved[3] - moved[1]) == (box[2] - box[0], box[3] - box[1])
    assert moved[0] >= 0 and moved[1] >= 0
    assert moved[2] <= mask.shape[1] and moved[3] <= mask.shape[0]
    assert moved == random_box(mask.shape, box, seed)


def test_random_box_goes_everywhere() -> None:
    places = {random_box((6, 6), (0, 0, 3, 3), seed) for seed in range(400)}
    assert len(places) == 16


def test_unknown_region_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'lungs'.*crop, full, mask"):
        region_of(np.zeros((4, 4), np.float32), np.ones((4, 4), bool), "lungs")


def test_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"mask of \(2, 2\) .* pixels of \(4, 4\)"):
        region_of(np.zeros((4, 4), np.float32), np.ones((2, 2), bool), "crop")
