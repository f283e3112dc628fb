"""Large pictures are averaged down, small ones are left alone, and the aspect stays."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg.shrinking import shrunk, shrunk_shape


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_each_pixel_is_the_mean_of_those_that_it_replaces(kind: type) -> None:
    picture = (np.arange(8 * 12).reshape(8, 12) * 2).astype(kind)
    small = shrunk(picture, 6)
    assert small.dtype == kind and small.shape == (4, 6)
    assert np.allclose(small, picture.reshape(4, 2, 6, 2).mean(axis=(1, 3)))


def test_a_small_picture_is_left_alone() -> None:
    picture = np.zeros((30, 40), np.uint8)
    assert shrunk(picture, 40) is picture


def test_no_side_is_lost() -> None:
    assert shrunk_shape((1, 5000), 512) == (1, 512)
    assert shrunk_shape((300, 200, 2), 150) == (150, 100)
