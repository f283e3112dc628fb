"""The quick model sees averages, as many of a picture of any size."""

from __future__ import annotations

import numpy as np

from covidcls.audit.splits import glimpse


def test_pictures_of_any_size_give_as_many_pixels_of_their_grey() -> None:
    for shape in ((1, 1), (1, 30), (24, 24), (300, 512)):
        seen = glimpse(np.full(shape, 9, np.uint8))
        assert seen.shape == (24, 24) and seen.dtype == np.uint8 and (seen == 9).all()


def test_a_large_picture_is_averaged() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (240, 480), dtype=np.uint8)
    blocks = grey.reshape(24, 10, 24, 20).mean(axis=(1, 3))
    assert np.abs(glimpse(grey) - blocks).max() <= 0.51
