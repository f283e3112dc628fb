"""The looks of validation: fixed, with masks that moved along, beside the slices as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lungseg.data.module import LungMaskDataModule
from lungseg.data.sources import LUNG, MaskedSlice
from lungseg.data.stress import LOOKS, stressed
from lungseg.phantom import make_phantom


def slices_of(wide: bool) -> list[MaskedSlice]:
    phantom = make_phantom(0.5, size=128, seed=2)
    low, high = (-1024, 600) if wide else (-1350, 150)
    picture = np.clip((phantom.hu - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    masks = np.dstack([phantom.lung, phantom.lesion]).astype(np.uint8)
    return [MaskedSlice("a", "p", picture, masks, (True, True), 1, wide)] * 4


@pytest.mark.parametrize("wide", [True, False])
def test_lung_stays_darker_than_body_in_every_look(wide: bool) -> None:
    looks = stressed(slices_of(wide), every=2)
    assert looks.keys() == LOOKS.keys()
    for look, changed in looks.items():
        assert len(changed) == 2
        one = changed[0]
        lung = one.masks[..., LUNG] > 0
        assert not one.wide and one.picture.shape == lung.shape == (128, 128)
        ring = np.zeros_like(lung)
        rows, columns = np.nonzero(lung)
        ring[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        between = one.picture[ring & ~lung]
        assert np.median(one.picture[lung]) < 0.7 * np.median(between), look


def test_looks_are_further_sources_of_validation(phantom_data: Path) -> None:
    options = {"folder": "phantoms", "split": str(phantom_data / "split.json"), "size": 64}
    plain = LungMaskDataModule(str(phantom_data), **options)
    plain.setup()
    data = LungMaskDataModule(str(phantom_data), stress=True, **options)
    data.setup()
    assert list(data.val) == ["phantoms", *(f"stress {look}" for look in LOOKS)]
    assert len(data.val["phantoms"]) == len(plain.val["phantoms"])
    assert len(data.val_dataloader()) == 1 + len(LOOKS)
    assert {k: len(v) for k, v in data.train.items()} == {k: len(v) for k, v in plain.train.items()}


def test_lung_at_the_frame_gets_no_black_beside_it() -> None:
    (one, *_) = slices_of(wide=False)
    cropped = np.nonzero(one.masks[..., LUNG].any(1))[0][0]
    tight = replace(one, picture=one.picture[cropped:], masks=one.masks[cropped:])
    looks = stressed([one, tight], every=1)
    assert {look: len(changed) for look, changed in looks.items()} == {
        look: 1 if look in ("far", "squeezed") else 2 for look in LOOKS
    }
