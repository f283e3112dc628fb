"""Overlap of masks and distance of their surfaces."""

from __future__ import annotations

from itertools import product
from math import hypot

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lungseg.metrics import Overlap, dice, hd95, iou, surface_dice, surface_distances

Mask = NDArray[np.bool_]

masks = arrays.arrays(np.bool_, st.tuples(st.just(6), st.just(5)))


def reference_surface(mask: Mask) -> list[tuple[int, int]]:
    """The pixels of which one of four neighbours is outside, one by one."""
    height, width = mask.shape

    def inside(y: int, x: int) -> bool:
        return 0 <= y < height and 0 <= x < width and bool(mask[y, x])

    steps = ((0, 1), (1, 0), (0, -1), (-1, 0))
    return [
        (y, x)
        for y, x in product(range(height), range(width))
        if mask[y, x] and not all(inside(y + dy, x + dx) for dy, dx in steps)
    ]


def reference_distances(mask: Mask, truth: Mask) -> tuple[list[float], list[float]]:
    """Each surface pixel against each of the other mask."""
    one, other = reference_surface(mask), reference_surface(truth)

    def nearest(y: int, x: int, goal: list[tuple[int, int]]) -> float:
        return min((hypot(y - v, x - u) for v, u in goal), default=hypot(*mask.shape))

    return [nearest(y, x, other) for y, x in one], [nearest(y, x, one) for y, x in other]


def test_by_hand() -> None:
    a = np.array([1, 1, 1, 0, 0], bool)
    b = np.array([0, 1, 1, 1, 0], bool)
    assert dice(a, b) == pytest.approx(2 * 2 / 6)
    assert iou(a, b) == pytest.approx(2 / 4)


def test_surfaces_by_hand() -> None:
    one, moved = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    one[5:10, 5:10] = True
    moved[5:10, 8:13] = True  # three to the right
    distances = surface_distances(one, moved)
    assert len(distances.predicted) == len(distances.true) == 16
    assert hd95(one, moved) == 3
    # the five of the far edge are 3 away, those above and below them 2, and all others less
    assert surface_dice(one, moved, 2) == pytest.approx(1 - 5 / 16)
    assert surface_dice(one, moved, 3) == 1


@given(a=masks, b=masks)
def test_symmetry_range_and_the_bond_between_both(a: Mask, b: Mask) -> None:
    assert dice(a, b) == dice(b, a)
    assert 0 <= iou(a, b) <= dice(a, b) <= 1
    assert dice(a, b) == pytest.approx(2 * iou(a, b) / (1 + iou(a, b)))
    assert dice(a, a) == iou(a, a) == 1


@given(a=masks, b=masks, tolerance=st.sampled_from([0.0, 1.0, 2.0]))
def test_surface_figures_agree_with_a_plain_reference(a: Mask, b: Mask, tolerance: float) -> None:
    there, back = reference_distances(a, b)
    found = surface_distances(a, b)
    assert sorted(found.predicted) == pytest.approx(sorted(there))
    assert sorted(found.true) == pytest.approx(sorted(back))
    percentiles = [float(np.percentile(one, 95)) for one in (there, back) if one]
    assert hd95(a, b) == pytest.approx(max(percentiles, default=0))
    near = sum(distance <= tolerance + 1e-9 for distance in there + back)
    expected = near / len(there + back) if there + back else 1
    assert surface_dice(a, b, tolerance) == pytest.approx(expected)


@given(a=masks, b=masks, top=st.integers(0, 9), left=st.integers(0, 9))
def test_the_frame_around_two_masks_does_not_change_their_distances(
    a: Mask, b: Mask, top: int, left: int
) -> None:
    if not (a.any() and b.any()):
        return
    frame = ((top, 3), (left, 2))
    framed = np.pad(a, frame), np.pad(b, frame)
    assert hd95(*framed) == pytest.approx(hd95(a, b))
    assert surface_dice(*framed) == pytest.approx(surface_dice(a, b))


def test_two_empty_masks_agree_and_one_empty_does_not() -> None:
    empty, full = np.zeros((3, 4), bool), np.ones((3, 4), bool)
    assert (dice(empty, empty), iou(empty, empty)) == (1, 1)
    assert (dice(empty, full), iou(full, empty)) == (0, 0)
    assert (surface_dice(empty, empty), hd95(empty, empty)) == (1, 0)
    assert (surface_dice(empty, full), surface_dice(full, empty)) == (0, 0)
    assert (hd95(empty, full), hd95(full, empty)) == (5, 5)  # the diagonal of 3 x 4


def test_under_a_thousandth_of_the_picture_is_empty_for_truth_and_prediction_alike() -> None:
    assert not Overlap(0, 0, 9, 10_000).has_target
    assert Overlap(0, 0, 10, 10_000).has_target
    assert Overlap(0, 9, 0, 10_000).left_empty
    assert not Overlap(0, 10, 0, 10_000).left_empty


@given(first=masks, second=masks, truth=masks)
def test_the_overlaps_of_slices_add_up_to_that_of_their_volume(
    first: Mask, second: Mask, truth: Mask
) -> None:
    whole = Overlap.of(np.stack([first, second]), np.stack([truth, first]))
    assert Overlap.of(first, truth) + Overlap.of(second, first) == whole


def test_masks_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 4\) and \(4, 3\)"):
        dice(np.zeros((3, 4), bool), np.zeros((4, 3), bool))


def test_masks_that_are_not_bool_or_of_one_shape_are_refused() -> None:
    """As of a file with 0 and 255, whose Dice with 0 and 1 would be nonsense."""
    drawn = np.zeros((50, 60), np.uint8)
    drawn[10:30, 5:40] = 255
    for measure in (dice, iou, hd95, surface_dice):
        with pytest.raises(ValueError, match="masks of uint8 and bool, expected bool: mask > 0"):
            measure(drawn, drawn > 0)
        with pytest.raises(ValueError, match="expected one shape"):
            measure(drawn > 0, drawn[:1] > 0)
