"""Outlines, words and sheets of the pictures that a person looks at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lungseg import drawing


def has(picture: drawing.Picture, colour: drawing.Colour) -> np.ndarray:
    return (picture == colour).all(axis=-1)


@pytest.mark.parametrize(
    ("shape", "longest", "size"),
    [((61, 100), 512, (312, 512)), ((600, 300), 200, (200, 100)), ((1, 900), 100, (1, 100))],
)
def test_a_slice_is_fitted_in_grey(
    shape: tuple[int, int], longest: int, size: tuple[int, int]
) -> None:
    picture = drawing.fit(np.full(shape, 0.5, np.float32), longest)
    assert picture.shape == (*size, 3)
    assert (picture == 128).all()


def test_an_outline_follows_a_mask_of_another_size_and_its_holes() -> None:
    mask = np.zeros((50, 50), bool)
    mask[10:40, 10:40] = True
    mask[20:30, 20:30] = False
    picture = np.zeros((100, 100, 3), np.uint8)
    drawing.outline(picture, mask, drawing.LUNG)
    rows, columns = np.nonzero(has(picture, drawing.LUNG))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (20, 20, 79, 79)
    assert has(picture, drawing.LUNG)[39, 50], "the hole has an outline as well"
    assert not has(picture, drawing.LUNG)[30, 50]


def test_a_shrunk_outline_stays_in_the_middle() -> None:
    mask = np.zeros((300, 300), bool)
    mask[91:209, 91:209] = True
    picture = np.zeros((100, 100, 3), np.uint8)
    drawing.outline(picture, mask, drawing.LUNG)
    rows, columns = np.nonzero(has(picture, drawing.LUNG))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (30, 30, 69, 69)


def test_a_box_is_half_open() -> None:
    picture = np.zeros((60, 60, 3), np.uint8)
    drawing.outline_box(picture, (10, 20, 40, 50))
    rows, columns = np.nonzero(has(picture, drawing.BOX))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (10, 20, 39, 49)


def test_words_stand_beside_each_other_in_their_colours() -> None:
    strip = drawing.line(300, {"\udcff first": (255, 0, 0), "second": (0, 255, 0)})
    assert strip.shape == (drawing.LINE, 300, 3)
    first, second = (np.nonzero(strip[..., channel].any(axis=0))[0] for channel in (0, 1))
    assert first.max() < second.min()
    assert not strip[..., 2].any()


def test_a_long_name_keeps_its_end() -> None:
    assert drawing.ending("case_0001", 9) == "case_0001"
    assert drawing.ending("a set with case_0001", 9) == "...e_0001"


def test_tiles_have_their_words_below_and_fill_a_sheet() -> None:
    grey = np.full((40, 20, 3), 128, np.uint8)
    one = drawing.tile(grey, 50, 60, "name", "figure")
    assert one.shape == (50 + 2 * drawing.LINE, 60, 3)
    assert (one[5:45, 20:40] == grey).all()
    assert not one[:50, :20].any()
    assert all(strip.any() for strip in np.split(one[50:], 2))
    whole = drawing.sheet([one] * 5, 3)
    assert whole.shape == (2 * one.shape[0], 3 * 60, 3)
    assert (whole[-one.shape[0] :, 60:120] == one).all()
    assert not whole[-one.shape[0] :, 120:].any()
    shown = cv2.imdecode(np.frombuffer(drawing.encode(whole), np.uint8), cv2.IMREAD_COLOR)
    assert (shown == whole).all()
