"""Neutral decoding takes size, aspect and compression away."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from covidcls.audit.floors.neutral import SIDE, neutral_square

Grey = NDArray[np.uint8]


def test_one_chest_in_two_sizes_aspects_and_compressions_becomes_one_picture(
    chests: list[Grey], changes: Mapping[str, Callable[[Grey], Grey]]
) -> None:
    chest = chests[0]
    wide = np.asarray(cv2.resize(chest, (400, 300), interpolation=cv2.INTER_CUBIC), np.uint8)
    plain, _ = neutral_square(chest)
    assert plain.shape == (SIDE, SIDE)
    for other in (wide, changes["jpeg"](chest)):
        again, _ = neutral_square(other)
        assert np.abs(again.astype(int) - plain).mean() < 3


def test_bytes_tell_how_much_there_is_to_see(chests: list[Grey]) -> None:
    flat = np.full_like(chests[0], 90)
    assert neutral_square(flat)[1] < neutral_square(chests[0])[1] / 2
