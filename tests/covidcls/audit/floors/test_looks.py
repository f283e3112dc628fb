"""Looks are of what they say, and finite for any picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.audit.floors.looks import look_features, looks_of

Grey = NDArray[np.uint8]


def test_the_frame_sees_nothing_of_what_is_inside(
    smooth_pictures: Callable[[int], list[Grey]],
) -> None:
    (grey,) = smooth_pictures(1)
    changed = grey.copy()
    changed[8:-8, 8:-8] = 0
    before, after = looks_of(grey).published, looks_of(changed).published
    assert np.array_equal(before.frame, after.frame)
    assert not np.array_equal(before.tiny, after.tiny)
    changed[0] = 0
    assert not np.array_equal(before.frame, looks_of(changed).published.frame)


def test_one_pixel_in_a_corner_changes_the_statistics(
    smooth_pictures: Callable[[int], list[Grey]],
) -> None:
    (grey,) = smooth_pictures(1)
    changed = grey.copy()
    changed[-1, 0] = 255 - changed[-1, 0]
    a, b = looks_of(grey).published, looks_of(changed).published
    assert not np.array_equal(a.statistics, b.statistics)


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (512, 512)])
def test_any_size_and_a_flat_picture_give_finite_numbers_of_one_length(
    shape: tuple[int, int],
) -> None:
    flat = np.full(shape, 7, np.uint8)
    features = look_features([looks_of(flat), looks_of(np.eye(40, dtype=np.uint8) * 255)])
    assert [(one.name, one.neutral) for one in features] == [
        ("statistics", False),
        ("frame", False),
        ("tiny", False),
        ("metadata", True),
        ("statistics", True),
        ("frame", True),
        ("tiny", True),
    ]
    for one in features:
        assert np.isfinite(one.values).all()
        assert (one.values.shape[0], one.values.dtype) == (2, np.float32)
