"""Crumbs, holes, and the ring of lung around the heart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy import ndimage

from lungseg.cleaning import certainty, clean_mask, without_outside_air


def block(*boxes: tuple[int, int, int, int], size: int = 100) -> NDArray[np.float32]:
    """Ones in the boxes (row, column, row, column) of an empty probability."""
    probability = np.zeros((size, size), np.float32)
    for top, left, bottom, right in boxes:
        probability[top:bottom, left:right] = 1
    return probability


def test_crumbs_go_and_both_lungs_stay() -> None:
    lungs = block((20, 10, 80, 40), (20, 60, 60, 80))
    crumbs = block((2, 2, 7, 7), (90, 90, 96, 98))  # 25 and 48 of 1800 pixels: below 4 %
    assert np.array_equal(clean_mask(lungs + crumbs), lungs > 0)


def test_a_single_small_piece_is_lung_unless_it_is_tiny() -> None:
    assert clean_mask(block((50, 50, 54, 54))).sum() == 16  # above one in a thousand: an apex
    assert not clean_mask(block((50, 50, 53, 53))).any()


def test_a_vessel_is_filled_and_the_heart_in_a_ring_of_lung_is_not() -> None:
    lung = block((10, 10, 90, 90))
    vessel, ring = lung.copy(), lung.copy()
    vessel[40:45, 40:45] = 0
    ring[40:60, 45:60] = 0  # a slim mediastinum, of lungs that touch before and behind it
    assert np.array_equal(clean_mask(vessel), lung > 0)
    assert np.array_equal(clean_mask(ring), ring > 0)


def test_a_notch_at_the_frame_is_no_hole() -> None:
    lung = block((0, 0, 60, 60))
    lung[0:4, 20:24] = 0
    assert np.array_equal(clean_mask(lung), lung > 0)


def test_a_hole_that_only_a_diagonal_closes_is_open() -> None:
    lung = block((10, 10, 50, 50))
    lung[10:12, 20:22] = 0  # reaches the edge, joined to the next one by a corner
    lung[12:14, 22:24] = 0
    assert np.array_equal(clean_mask(lung), lung > 0)


def test_the_threshold_itself_is_lung() -> None:
    assert clean_mask(block((10, 10, 50, 50)) * np.float32(0.3), threshold=0.3).sum() == 1600
    assert not clean_mask(block((10, 10, 50, 50)) * np.float32(0.29), threshold=0.3).any()


def apex(size: int = 120) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Two small lungs in a bright body under grey air, and their mask with a piece of that air."""
    pixels = np.full((size, size), 0.3, np.float32)
    pixels[30:110, 5:115] = 0.9
    mask = np.zeros((size, size), bool)
    for columns in (slice(25, 50), slice(70, 95)):
        mask[50:90, columns] = True
    pixels[mask] = 0.3
    mask[5:20, 40:80] = True
    return pixels, mask


def test_air_beside_the_patient_is_no_third_lung() -> None:
    pixels, mask = apex()
    kept = without_outside_air(mask, pixels)
    assert not kept[:30].any() and np.array_equal(kept[30:], mask[30:])
    inverted = without_outside_air(mask, 1 - pixels)
    assert np.array_equal(inverted, kept)


def test_a_third_piece_of_lung_inside_the_body_stays() -> None:
    pixels, mask = apex()
    mask[:30] = False
    pixels[95:105, 55:65] = 0.3
    mask[95:105, 55:65] = True
    assert np.array_equal(without_outside_air(mask, pixels), mask)


def test_lungs_that_fill_the_picture_stay() -> None:
    mask = np.zeros((60, 90), bool)
    mask[:, :28] = mask[:, 31:58] = mask[:, 61:] = True
    assert np.array_equal(without_outside_air(mask, np.where(mask, 0.2, 0.9)), mask)


def plain_clean_mask(mask: NDArray[np.bool_], max_hole: float) -> NDArray[np.bool_]:
    """The same rules, one component and one hole at a time, by SciPy's labels."""
    labels, count = ndimage.label(mask)
    components = [labels == n for n in range(1, count + 1)]
    largest = max((c.sum() for c in components), default=0)
    clean = np.zeros(mask.shape, bool)
    for component in components:
        if component.sum() < 0.001 * mask.size or component.sum() < 0.04 * largest:
            continue
        clean |= component
        outside, gaps = ndimage.label(np.pad(~component, 1, constant_values=True), np.ones((3, 3)))
        for n in range(1, gaps + 1):
            gap = outside == n
            if not gap[0, 0] and gap.sum() < max_hole * component.sum():
                clean |= gap[1:-1, 1:-1]
    return clean


@given(
    arrays.arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)), fill=st.booleans()),
    st.sampled_from([0.01, 0.1]),
)
def test_cleaning_agrees_with_a_plain_reference(mask: NDArray[np.bool_], max_hole: float) -> None:
    cleaned = clean_mask(mask.astype(np.float32), max_hole=max_hole)
    assert np.array_equal(cleaned, plain_clean_mask(mask, max_hole))


def test_certainty_is_that_of_the_surest_piece() -> None:
    probability = block((10, 10, 30, 30)) * np.float32(0.6) + block((50, 50, 60, 60)) * np.float32(
        0.9
    )
    assert certainty(probability > 0.5, probability) == pytest.approx(0.9)
    assert certainty(probability > 1, probability) == 0
