"""Figures of a segmenter on slices with true masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lungseg.data.sources import WIDE_WINDOW, MaskedSlice
from lungseg.evaluation import as_slice, guard_threshold, measure, worst_decile
from lungseg.lung_mask import LungMask
from lungseg.segmenter import LungSegmenter
from lungseg.slice import Slice

Draw = Callable[..., NDArray[np.uint8]]


def labelled(picture: NDArray[np.uint8], patient: str, lung: NDArray[np.bool_]) -> MaskedSlice:
    masks = np.dstack([lung, np.zeros_like(lung)]).astype(np.uint8)
    return MaskedSlice("drawn", patient, picture, masks, (True, False), 1)


def test_dice_of_lungs_and_emptiness_are_told_apart(tiny_weights: Path, drawn_slice: Draw) -> None:
    segmenter = LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu")
    picture, nothing = drawn_slice(), np.zeros((96, 96), bool)
    plain = np.full((96, 96), 200, np.uint8)
    found = measure(
        segmenter,
        [
            labelled(picture, "a", picture == 10),
            labelled(picture, "b", picture == 10),
            labelled(plain, "b", nothing),  # rightly empty
            labelled(picture, "c", nothing),  # wrongly not
        ],
    )
    assert found.keys() == {"dice", "worst_decile", "empty"}
    assert found["dice"].value > 0.9
    assert (found["dice"].n, found["dice"].n_groups) == (2, 2)
    assert (found["empty"].value, found["empty"].n, found["empty"].n_groups) == (0.5, 2, 2)


def test_without_slices_there_are_no_figures(tiny_weights: Path) -> None:
    assert measure(LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu"), []) == {}


def test_a_wide_slice_is_looked_at_through_the_lung_window() -> None:
    low, high = WIDE_WINDOW
    picture = ((np.array([[-1024, -600, 150, 600]]) - low) / (high - low) * 255).round()
    wide = MaskedSlice(
        "hu", "p", picture.astype(np.uint8), np.zeros((1, 4, 2), np.uint8), (True, True), 1, True
    )
    assert as_slice(wide).pixels[0] == pytest.approx([326 / 1500, 0.5, 1, 1], abs=0.01)


@given(
    scores=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    counts=st.lists(st.integers(0, 3), min_size=30, max_size=30),
)
def test_the_worst_decile_agrees_with_a_plain_reference(
    scores: list[float], counts: list[int]
) -> None:
    weights = counts[: len(scores)]
    weights[0] = max(weights[0], 1)
    drawn = sorted(s for s, count in zip(scores, weights, strict=True) for _ in range(count))
    left, total = len(drawn) / 10, 0.0
    for score in drawn:
        taken = min(1.0, left)
        total += taken * score
        left -= taken
        if left <= 0:
            break
    expected = total / (len(drawn) / 10)
    got = worst_decile(np.array(scores), np.array([weights], float))
    assert got[0] == pytest.approx(expected, abs=1e-9)


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
