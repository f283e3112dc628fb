"""The quick model sees the picture and statistics that are those of its definition."""

from __future__ import annotations

import numpy as np

from covidcls.audit.splits import look


def test_statistics_are_those_of_the_grey_values() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (70, 51), dtype=np.uint8)
    grey[:10], grey[10:13] = 0, 255
    mean, spread, low, quarter, median, upper, high, black, white, steps = look(grey)[-10:]
    assert np.isclose(mean, grey.mean()) and np.isclose(spread, grey.std())
    expected = np.quantile(grey, (0.05, 0.25, 0.5, 0.75, 0.95))
    assert np.allclose((low, quarter, median, upper, high), expected, atol=1)
    assert np.isclose(black, (grey == 0).mean()) and np.isclose(white, (grey == 255).mean())
    whole = grey.astype(float)
    both = [np.abs(np.diff(whole, axis=axis)).ravel() for axis in (0, 1)]
    assert np.isclose(steps, np.concatenate(both).mean())


def test_pictures_of_any_size_give_as_many_numbers() -> None:
    shapes = ((1, 1), (1, 30), (24, 24), (300, 512))
    assert len({look(np.full(shape, 9, np.uint8)).shape for shape in shapes}) == 1
