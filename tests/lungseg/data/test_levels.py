"""Lungs closed with tissue: the mask says what is left, and the rest of the slice stays."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lungseg.data.levels import close_lungs
from lungseg.data.sources import LESION, LUNG
from lungseg.io import window_hu
from lungseg.phantom import make_phantom

PHANTOM = make_phantom(0.5, size=128, lesions=0.3, seed=2)
PICTURE = (window_hu(PHANTOM.hu) * 255).round().astype(np.uint8)
MASKS = np.dstack([PHANTOM.lung, PHANTOM.lesion]).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31 - 1))
def test_closed_lung_looks_like_tissue_and_open_lung_stays(seed: int) -> None:
    picture, masks = close_lungs(PICTURE, MASKS, np.random.default_rng(seed))
    left, before = masks[..., LUNG] > 0, MASKS[..., LUNG] > 0
    closed = before & ~left
    assert not (left & ~before).any() and closed.any()
    assert not (masks[..., LESION] > 0)[~left].any()
    assert np.array_equal(masks[..., LESION][left], MASKS[..., LESION][left])
    assert np.median(picture[closed]) > 2 * np.median(PICTURE[before])
    far = ~before
    far[1:-1, 1:-1] &= ~(
        before[2:, 1:-1] | before[:-2, 1:-1] | before[1:-1, 2:] | before[1:-1, :-2]
    )
    assert (np.abs(picture.astype(int) - PICTURE)[far] > 60).mean() < 0.05


def test_nothing_part_and_crescents_are_all_drawn() -> None:
    left = [
        close_lungs(PICTURE, MASKS, np.random.default_rng(seed))[1][..., LUNG].mean()
        for seed in range(40)
    ]
    assert 8 <= left.count(0) <= 26  # four in ten
    assert any(0 < share < 0.5 * MASKS[..., LUNG].mean() for share in left)


def test_slices_with_hardly_any_lung_are_left_alone() -> None:
    masks = np.zeros_like(MASKS)
    masks[60:66, 60:66, LUNG] = 1
    picture, same = close_lungs(PICTURE, masks, np.random.default_rng(0))
    assert picture is PICTURE and same is masks


def test_gas_is_as_dark_as_lung_and_is_no_lung() -> None:
    drawn = [close_lungs(PICTURE, MASKS, np.random.default_rng(n), gas=0.4) for n in range(60)]
    before = MASKS[..., LUNG] > 0
    dark = np.median(PICTURE[before])
    gassy = [
        masks[..., LUNG].mean()
        for picture, masks in drawn
        if (picture[before & (masks[..., LUNG] == 0)] <= dark).mean() > 0.02
    ]
    assert 5 <= len(gassy) <= 35  # four tenths of the seven in ten that are no apex
    assert 0 in gassy and max(gassy) > 0
