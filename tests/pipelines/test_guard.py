"""What gets no diagnosis, and what still does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lungseg.io import read_slices
from lungseg.lung_mask import LungMask
from lungseg.slice import Slice, Source
from pipelines.guard import MIN_SIDE, refuse_mask, refuse_picture


def slice_of(shape: tuple[int, int] = (64, 64), colour: float = 0.0) -> Slice:
    pixels = np.linspace(0, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    return Slice(pixels, Source("x"), colour=colour)


def mask_of(lung_rows: int, chest_ct: float = 1.0) -> LungMask:
    mask = np.zeros((1000, 10), dtype=bool)
    mask[:lung_rows] = True
    return LungMask(mask, mask.astype(np.float32), chest_ct=chest_ct)


def test_a_grey_slice_with_lung_is_judged() -> None:
    assert refuse_picture(slice_of()) is None
    assert refuse_mask(mask_of(5), 0.5) is None


def test_marks_drawn_on_a_slice_do_not_make_it_a_photograph() -> None:
    assert refuse_picture(slice_of(colour=0.08)) is None


def test_no_slice_of_covid_ct_is_refused_for_its_colour(shared_data: Path) -> None:
    for file in (shared_data / "covid-ct" / "Images-processed").glob("*/*"):
        for slice_ in read_slices(file):
            assert refuse_picture(slice_) is None, file


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (slice_of(colour=0.26), "26% of the picture is coloured"),
        (slice_of((1, 1)), "1 x 1 pixels"),
        (slice_of((500, MIN_SIDE - 1)), "31 x 500 pixels"),
        (Slice(np.zeros((64, 64), np.float32), Source("black")), "constant"),
        (Slice(slice_of().pixels, Source("x"), refusal="a coronal slice"), "a coronal slice"),
    ],
)
def test_what_cannot_be_ct_is_refused_with_its_reason(picture: Slice, reason: str) -> None:
    refusal = refuse_picture(picture)
    assert refusal is not None
    assert refusal.status == "not_ct"
    assert reason in refusal.reason


def test_a_mask_that_was_dropped_is_told() -> None:
    nothing = np.zeros((64, 64), bool)
    dropped = LungMask(nothing, nothing.astype(np.float32), flags=("dropped",))
    refusal = refuse_mask(dropped, min_chest_ct=0.5)
    assert refusal is not None and refusal.status == "no_lung"
    assert "nowhere surely enough" in refusal.reason


def test_too_little_lung_is_no_lung() -> None:
    refusal = refuse_mask(mask_of(4), 0.5)
    assert refusal is not None
    assert refusal.status == "no_lung"
    assert "0.40%" in refusal.reason


def test_ct_without_lung_and_what_is_no_ct_are_told_apart() -> None:
    empty_ct, other = (refuse_mask(mask_of(0, chest_ct), 0.5) for chest_ct in (0.6, 0.4))
    assert empty_ct is not None
    assert other is not None
    assert (empty_ct.status, other.status) == ("no_lung", "not_ct")
    assert "taken for CT, but lung covers 0.00%" in empty_ct.reason
    assert "does not look like a chest CT slice (0.40, needs 0.50)" in other.reason


def test_another_kind_of_picture_is_not_ct_however_much_lung_was_seen() -> None:
    refusal = refuse_mask(mask_of(500, chest_ct=0.2), 0.5)
    assert refusal is not None
    assert refusal.status == "not_ct"
