"""Maps come back to where stage 2 looked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covidcls.explanation.placing import on_slice, seen_box, window
from lungseg.regions import REGIONS, Region, region_of


@given(st.sampled_from(REGIONS), st.integers(-6, 12), st.integers(0, 2**32 - 1))
def test_the_box_is_what_the_region_shows(region: Region, margin: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.random((24, 31)).astype(np.float32)
    mask = np.zeros(pixels.shape, bool)
    top, left = rng.integers(0, 20), rng.integers(0, 26)
    mask[top : top + rng.integers(0, 12), left : left + rng.integers(1, 12)] = True
    view = region_of(pixels, mask, region, margin)
    shown = pixels[window(seen_box(mask, region, margin))]
    assert shown.shape == view.shape
    assert ((view == shown) | (view == 0)).all()  # blackened, but not moved


def test_a_map_lies_in_the_box_with_the_values_that_it_had() -> None:
    cells = np.array([[3.0, -5.0], [3.0, 0.0]])
    placed = on_slice(cells, (10, 4, 30, 24), (40, 50))
    assert placed.shape == (40, 50)
    assert placed.max() == pytest.approx(3)  # not stretched to a fixed range
    assert placed.min() == 0  # evidence against COVID-19 is none for it
    assert (placed[4:24, 10:15] == 3).all()
    outside = placed.copy()
    outside[4:24, 10:30] = 0
    assert not outside.any()
