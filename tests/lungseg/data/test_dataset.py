"""A training slice: picture and masks stay together through everything that is drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lungseg.data.dataset import PHANTOM, TrainingSlices, ValidationSlices
from lungseg.data.sources import MaskedSlice
from lungseg.io import window_hu
from lungseg.phantom import make_phantom


def slice_of_its_mask(wide: bool = False) -> MaskedSlice:
    """A picture that is bright exactly where its lung mask is."""
    lung = np.zeros((96, 96), np.uint8)
    lung[20:70, 15:50] = 1
    lung[60:80, 30:80] = 1
    picture = np.where(lung, 240, 40).astype(np.uint8)
    return MaskedSlice("s", "p", picture, np.dstack([lung, 1 - lung]), (True, False), None, wide)


@pytest.mark.parametrize("augmentation", ["paper", "strong"])
def test_the_mask_follows_the_picture_through_every_draw(augmentation: str) -> None:
    one = slice_of_its_mask()
    torch.manual_seed(0)
    dataset = TrainingSlices({"s": [one]}, {"s": 1.0}, 30, 64, 2, augmentation)  # type: ignore[arg-type]
    for index in range(30):
        sample = dataset[index]
        picture, lung = sample["picture"].numpy().astype(float), sample["masks"][0].numpy() > 0
        if not (0.05 < lung.mean() < 0.95):
            continue
        # inverted pictures and drawn windows change the sign and the size, not the bond
        assert abs(np.corrcoef(picture.ravel(), lung.ravel())[0, 1]) > 0.35
        assert sample["known"].tolist() == [True, False]
        assert int(sample["chest"]) == -1


def test_phantoms_are_drawn_afresh_with_their_own_masks() -> None:
    torch.manual_seed(0)
    dataset = TrainingSlices({}, {PHANTOM: 1.0}, 6, 64, 2)
    drawn = [dataset[n] for n in range(6)]
    assert len({sample["picture"].numpy().tobytes() for sample in drawn}) == 6
    assert any(sample["masks"][0].any() for sample in drawn)
    assert all(sample["known"].tolist() == [True, True] for sample in drawn)


def test_the_shares_decide_how_often_a_source_is_drawn() -> None:
    dark, bright = (
        MaskedSlice(
            name,
            name,
            np.full((8, 8), grey, np.uint8),
            np.zeros((8, 8, 2), np.uint8),
            (True, True),
            1,
        )
        for name, grey in (("dark", 50), ("bright", 200))
    )
    sources = {"dark": [dark], "bright": [bright]}
    torch.manual_seed(0)
    dataset = TrainingSlices(sources, {"dark": 0.8, "bright": 0.2}, 200, 32, 1, "paper")
    share = np.mean([int(dataset[n]["picture"][16, 16]) < 128 for n in range(200)])
    assert share == pytest.approx(0.8, abs=0.1)


def test_validation_looks_at_wide_slices_through_the_lung_window() -> None:
    narrow, wide = (
        ValidationSlices([slice_of_its_mask(w)], 96, 1)[0]["picture"] for w in (False, True)
    )
    assert narrow.unique().tolist() == [40, 240]
    # 40 and 240 of 255 on -1024 to 600 HU, through centre -600 and width 1500 HU
    assert wide.unique().tolist() == [pytest.approx(99, abs=1), 255]


def test_validation_sees_what_the_framing_leaves() -> None:
    phantom = make_phantom(0.5, size=128, seed=2)
    picture = (window_hu(phantom.hu) * 255).round().astype(np.uint8)
    masks = np.dstack([phantom.lung, phantom.lesion]).astype(np.uint8)
    far = MaskedSlice(
        "far", "p", np.pad(picture, 128), np.pad(masks, ((128, 128), (128, 128), (0, 0))),
        (True, True), 1,
    )  # fmt: skip
    whole = ValidationSlices([far], 64, 2, "whole")[0]["masks"][0].float().mean()
    content = ValidationSlices([far], 64, 2, "content")[0]["masks"][0].float().mean()
    assert content > 5 * whole > 0
