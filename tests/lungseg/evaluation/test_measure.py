"""Figures of a segmenter on labelled slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.data.sources import WIDE_WINDOW, MaskedSlice
from lungseg.evaluation.measure import as_slice, measure
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
    assert found.keys() == {"dice", "worst_decile", "empty", "refused"}
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


def test_a_speck_of_true_lung_is_no_lung(tiny_weights: Path, drawn_slice: Draw) -> None:
    speck = np.zeros((96, 96), bool)
    speck[40, 30:39] = True  # 9 of 9216 pixels, under a thousandth
    segmenter = LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu")
    found = measure(segmenter, [labelled(drawn_slice(), "a", speck)])
    assert found.keys() == {"empty", "refused"}


class Finds:
    """Stands for a segmenter of known masks: dark is lung, and lesion where it is darkest; what is
    all dark is no chest CT."""

    min_chest_ct = 0.5

    def predict(self, slices: Sequence[Slice]) -> list[LungMask]:
        return [
            LungMask(
                lung := one.pixels < 0.5,
                1 - one.pixels,
                lesion := one.pixels < 0.1,
                chest_ct=float(one.pixels.max() > 0.2),
                expected_lesion_fraction=float(lesion[lung].mean()) / 2,
            )
            for one in slices
        ]


def with_lesion(found: int, true: int | None, patient: str) -> MaskedSlice:
    """100 pixels of lung, the first ``found`` called lesion, the first ``true`` lesion (None:
    nobody knows)."""
    picture = np.full((20, 10), 200, np.uint8)
    picture[:10] = 100
    picture.ravel()[:found] = 0
    masks = np.zeros((20, 10, 2), np.uint8)
    masks[:10, :, 0] = 1
    masks.reshape(-1, 2)[: true or 0, 1] = 1
    return MaskedSlice("drawn", patient, picture, masks, (True, true is not None), 1)


def test_lesions_and_their_share_are_of_slices_where_they_are_known() -> None:
    segmenter: Any = Finds()
    slices = [with_lesion(*given) for given in ((40, 20, "a"), (10, 20, "b"), (90, None, "c"))]
    found = measure(segmenter, slices)
    assert found["lesion_dice"].value == pytest.approx((40 / 60 + 20 / 30) / 2)
    assert found["lesion_dice_pooled"].value == pytest.approx((40 + 20) / (60 + 30))
    assert found["lesion_share_error"].value == pytest.approx((0.2 + 0.1) / 2)
    assert found["lesion_share_bias"].value == pytest.approx((0.2 - 0.1) / 2)
    assert found["lesion_share_bias"].n_groups == 2
    assert found["expected_share_bias"].value == pytest.approx((0.0 - 0.15) / 2)


def test_the_share_that_the_guard_refuses_is_a_figure() -> None:
    segmenter: Any = Finds()
    dark = MaskedSlice(
        "photo", "p", np.zeros((20, 10), np.uint8), np.zeros((20, 10, 2), np.uint8), (True,) * 2, 0
    )
    found = measure(segmenter, [with_lesion(0, 0, "a"), dark])
    assert found["refused"].value == 0.5


def test_lesions_found_in_healthy_lungs_are_an_error_of_the_share() -> None:
    segmenter: Any = Finds()
    found = measure(segmenter, [with_lesion(0, 0, "a"), with_lesion(10, 0, "b")])
    assert found["lesion_share_error"].value == found["lesion_share_bias"].value == 0.05
    assert not {"lesion_dice", "lesion_dice_pooled", "lesion_share_slope"} & found.keys()
