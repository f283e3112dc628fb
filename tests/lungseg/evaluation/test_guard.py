"""The guard's threshold is chosen with a margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lungseg.data.sources import MaskedSlice
from lungseg.evaluation.guard import guard_threshold
from lungseg.lung_mask import LungMask
from lungseg.slice import Slice


class Says:
    """Stands for a segmenter whose guard is known: the brightness of the slice."""

    def predict(self, slices: list[Slice]) -> list[LungMask]:
        nothing = np.zeros((4, 4), bool)
        return [
            LungMask(nothing, nothing.astype(np.float32), None, float(one.pixels.mean()))
            for one in slices
        ]


def guarded(grey: int, chest: int | None) -> MaskedSlice:
    picture = np.full((4, 4), grey, np.uint8)
    return MaskedSlice("g", "g", picture, np.zeros((4, 4, 2), np.uint8), (True, True), chest)


def test_the_guard_leaves_a_margin_below_the_least_certain_ct() -> None:
    sources = {
        "ct": [guarded(230, 1), *[guarded(255, 1)] * 3, guarded(0, None)],
        "foreign": [guarded(10, 0), guarded(204, 0)],
    }
    said: Any = Says()
    found = guard_threshold(said, sources)
    least = np.percentile([230 / 255, 1, 1, 1], 1)
    assert found / (1 - found) == pytest.approx(least / (1 - least) / 10, rel=1e-3)


def test_a_guard_without_ct_to_choose_by_refuses_nothing() -> None:
    said: Any = Says()
    assert guard_threshold(said, {"foreign": [guarded(230, 0), guarded(9, None)]}) == 0
