"""Each flag on and off; a slice without lung is never doubtful."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lungseg.cleaning import clean_mask
from lungseg.data.sources import read_mask_folder
from lungseg.data.split import read_split
from lungseg.flags import FLAGS, MAX_PIECES, describe, find_flags
from lungseg.phantom import Acquisition, display, make_phantom

Mask = NDArray[np.bool_]
SIZE = 128


def flags_of(mask: Mask, pixels: NDArray[np.float32] | None = None) -> tuple[str, ...]:
    """Flags of a mask that the network is sure of, in a bright body as wide as the picture."""
    body = np.full(mask.shape, 0.8, np.float32) if pixels is None else pixels
    return find_flags(mask, mask.astype(np.float32), body)


def boxes(*corners: tuple[int, int, int, int]) -> Mask:
    """A mask of boxes (row, column, row, column)."""
    mask = np.zeros((SIZE, SIZE), bool)
    for top, left, bottom, right in corners:
        mask[top:bottom, left:right] = True
    return mask


RIGHT, LEFT = (30, 15, 100, 55), (30, 72, 100, 112)


@pytest.mark.parametrize("z", [0.15, 0.3, 0.45, 0.6, 0.75, 0.9])
def test_true_lungs_are_not_doubtful_from_apex_to_base(z: float) -> None:
    phantom = make_phantom(z, size=SIZE, seed=5)
    assert flags_of(phantom.lung, display(phantom.hu).astype(np.float32) / 255) == ()


@pytest.mark.parametrize("z", [0.15, 0.45, 0.9])
def test_lungs_of_an_inverted_picture_are_told(z: float) -> None:
    phantom = make_phantom(z, size=SIZE, seed=5)
    inverted = 1 - display(phantom.hu).astype(np.float32) / 255
    assert flags_of(phantom.lung, inverted) == ("bright",)


def test_no_lung_is_not_doubtful() -> None:
    nothing = boxes()
    for probability in (0.0, 0.4):
        even = np.full(nothing.shape, probability, np.float32)
        assert find_flags(nothing, even, even) == ()


def test_more_pieces_than_two_lungs_and_one_more() -> None:
    rows = [(10 + 20 * n, 20, 22 + 20 * n, 50) for n in range(MAX_PIECES)]
    assert "many-pieces" not in flags_of(boxes(*rows))
    assert "many-pieces" in flags_of(boxes(*rows, (10, 80, 22, 110)))


def test_hardly_any_lung_and_more_than_a_slice_can_have() -> None:
    assert "tiny" in flags_of(boxes((60, 40, 68, 48), (60, 80, 68, 88)))  # 0.8 %
    assert "tiny" not in flags_of(boxes((60, 40, 70, 50), (60, 80, 70, 90)))  # 1.2 %
    assert "huge" in flags_of(boxes((2, 2, 118, 118)))  # 82 %
    assert "huge" not in flags_of(boxes((2, 2, 108, 108)))  # 69 %


def test_a_missing_or_much_smaller_lung() -> None:
    assert flags_of(boxes(RIGHT, LEFT)) == ()
    assert flags_of(boxes(RIGHT)) == ("one-lung",)
    assert flags_of(boxes(LEFT, (80, 15, 100, 45))) == ("one-lung",)
    assert flags_of(boxes(LEFT, (50, 15, 100, 45))) == ()


def test_two_lungs_in_one_piece_are_two() -> None:
    assert flags_of(boxes(RIGHT, LEFT, (30, 50, 34, 80))) == ()


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("zoom", [0.6, 1.2])
def test_one_lung_is_seen_in_a_turned_a_small_and_a_cropped_slice(turns: int, zoom: float) -> None:
    acquisition = Acquisition(zoom=zoom, shift=(0.03, 0.05), rotation=8)
    phantom = make_phantom(0.5, size=SIZE, seed=2, acquisition=acquisition)
    pixels = display(phantom.hu).astype(np.float32) / 255
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(phantom.lung.astype(np.uint8))
    alone = pieces == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    for mask, expected in ((phantom.lung, False), (alone, True)):
        found = flags_of(np.rot90(mask, turns).copy(), np.rot90(pixels, turns).copy())
        assert ("one-lung" in found) == expected


def test_low_probability_inside_or_a_wide_uncertain_rim() -> None:
    mask = boxes(RIGHT, LEFT)
    body = np.full(mask.shape, 0.8, np.float32)
    assert find_flags(mask, np.where(mask, 0.95, 0.02).astype(np.float32), body) == ()
    assert find_flags(mask, np.where(mask, 0.85, 0.02).astype(np.float32), body) == ("uncertain",)
    elsewhere = np.where(mask, 1.0, 0.3).astype(np.float32)
    assert find_flags(mask, elsewhere, body) == ("uncertain",)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_lung_at_any_side_of_the_picture(turns: int) -> None:
    cut, beside = boxes((30, 0, 100, 40), LEFT), boxes((30, 1, 100, 40), LEFT)
    assert flags_of(np.rot90(cut, turns).copy()) == ("touches-border",)
    assert flags_of(np.rot90(beside, turns).copy()) == ()


@given(arrays.arrays(bool, (33, 47)), st.sampled_from([0.0, 0.5, 1.0]))
def test_any_mask_gets_known_flags_in_their_order(mask: Mask, grey: float) -> None:
    found = flags_of(mask, np.full(mask.shape, grey, np.float32))
    assert list(found) == [name for name in FLAGS if name in found]
    if not mask.any():
        assert found == ()


def test_flags_are_said_once_in_plain_words() -> None:
    assert describe(()) == ""
    assert describe(("one-lung", "uncertain")) == (
        "check the mask: one lung missing or much smaller, uncertain outline"
    )


def test_few_true_masks_of_patients_are_flagged(shared_data: Path, repository: Path) -> None:
    held_out = read_split(repository / "configs" / "splits" / "lung-masks.json").test
    folder = read_mask_folder(shared_data / "lung-masks", 256, "lung-masks")
    slices = [
        one for one in folder[::10] if one.patient.removeprefix("lung-masks/") not in held_out
    ]
    assert len(slices) > 100
    flagged = sum(
        bool(
            flags_of(
                clean_mask(one.masks[:, :, 0].astype(np.float32)),
                one.picture.astype(np.float32) / 255,
            )
        )
        for one in slices
    )
    assert flagged <= 0.03 * len(slices)
