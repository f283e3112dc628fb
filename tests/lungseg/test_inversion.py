"""Inverted pictures are read the other way round, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lungseg.inversion import MESSAGE, masks_either_way
from lungseg.io import as_slices
from lungseg.lung_mask import LungMask
from lungseg.slice import Slice


class DarkIsLung:
    """What is dark inside a bright body, as far as the corner tells what the body is."""

    min_chest_ct = 0.5

    def __init__(self, chest_ct: float = 1.0) -> None:
        self.chest_ct = chest_ct

    def predict(self, slices: Sequence[Slice], batch_size: int = 16) -> list[LungMask]:
        found = []
        for one in slices:
            lung = np.zeros(one.shape, bool)
            if one.pixels[0, 0] < 0.5:
                lung[10:-10, 10:-10] = one.pixels[10:-10, 10:-10] < 0.5
            found.append(LungMask(lung, one.pixels, chest_ct=self.chest_ct))
        return found


def chest() -> np.ndarray[Any, np.dtype[np.uint8]]:
    picture = np.zeros((100, 100), np.uint8)
    picture[10:90, 10:90] = 200
    picture[30:60, 20:80] = 30
    return picture


def either_way(one: Slice, chest_ct: float = 1.0) -> tuple[Slice, LungMask]:
    segmenter: Any = DarkIsLung(chest_ct)
    [seen], [mask] = masks_either_way(segmenter, [one])
    return seen, mask


def test_an_inverted_picture_is_turned_back_and_says_so() -> None:
    [upright], [inverted] = as_slices(chest()), as_slices(255 - chest())
    seen, mask = either_way(inverted)
    assert np.allclose(seen.pixels, upright.pixels) and seen.messages[-1] == MESSAGE
    assert np.array_equal(mask.mask, either_way(upright)[1].mask) and mask.mask.any()


def test_what_shows_lung_as_it_is_is_left_so() -> None:
    [upright] = as_slices(chest())
    assert either_way(upright)[0] is upright


def test_hounsfield_units_and_what_is_no_chest_ct_stay_as_they_are() -> None:
    [inverted] = as_slices(255 - chest())
    in_hu = replace(inverted, scale="hu")
    assert either_way(in_hu)[0] is in_hu
    seen, mask = either_way(inverted, chest_ct=0.1)
    assert seen is inverted and not mask.mask.any()


def test_a_bright_lung_is_turned_whatever_the_frame() -> None:
    class AllIsLung(DarkIsLung):
        def predict(self, slices: Sequence[Slice], batch_size: int = 16) -> list[LungMask]:
            flags = ("bright",) if slices and slices[0].pixels[40, 40] > 0.5 else ()
            lung = np.pad(np.ones((40, 40), bool), 30)
            return [LungMask(lung, one.pixels, flags=flags) for one in slices]

    tight = (255 - chest())[20:80, 20:80]
    segmenter: Any = AllIsLung()
    [one] = as_slices(np.pad(tight, 20, constant_values=40))  # the wall, dark
    [seen], [mask] = masks_either_way(segmenter, [one])
    assert seen.messages[-1] == MESSAGE and "bright" not in mask.flags


def test_a_slice_without_lung_in_dark_air_is_not_tried() -> None:
    [empty] = as_slices(np.pad(np.full((60, 60), 220, np.uint8), 20))
    assert either_way(empty)[0] is empty
