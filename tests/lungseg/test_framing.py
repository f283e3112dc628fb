"""Dark borders go, the patient stays whole, and bright surroundings are left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lungseg.framing import checked_framing, content_box, frame_of
from lungseg.io import window_hu
from lungseg.phantom import make_phantom


def phantom_picture(centre: float, width: float) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    phantom = make_phantom(0.5, size=128, seed=3)
    low = centre - width / 2
    return (np.clip((phantom.hu - low) / width, 0, 1) * 255).astype(np.uint8), phantom.lung


@pytest.mark.parametrize("window", [(-600, 1500), (40, 400), (1024, 4096), (-600, 600)])
def test_the_lungs_stay_inside_in_every_window(window: tuple[float, float]) -> None:
    picture, lung = phantom_picture(*window)
    far = np.zeros((300, 400), np.uint8)
    far[100:228, 150:278] = picture
    left, top, right, bottom = content_box(far)
    assert left >= 130 and right <= 290 and top >= 80 and bottom <= 240
    inside = np.zeros(far.shape, bool)
    inside[top:bottom, left:right] = True
    whole = np.zeros(far.shape, bool)
    whole[100:228, 150:278] = lung
    assert not (whole & ~inside).any()


def test_a_tight_crop_of_the_lungs_is_left_alone() -> None:
    phantom = make_phantom(0.5, size=256, seed=3)
    rows, columns = np.nonzero(phantom.lung)
    tight = (window_hu(phantom.hu) * 255).astype(np.uint8)
    tight = tight[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert content_box(tight) == (0, 0, tight.shape[1], tight.shape[0])


def test_of_an_inverted_picture_the_white_air_goes_and_the_patient_stays() -> None:
    picture, _ = phantom_picture(-600, 1500)
    assert content_box(255 - picture) == (0, 0, 128, 128)
    assert content_box(255 - np.pad(picture, 40)) == (40, 40, 168, 168)


def test_the_page_around_a_figure_goes() -> None:
    picture, _ = phantom_picture(-600, 1500)
    picture[0, ::5] = 0  # a figure ends where its page begins
    page = np.full((300, 400), 255, np.uint8)
    page[100:228, 150:278] = picture
    left, top, right, bottom = content_box(picture)
    assert content_box(page) == (left + 150, top + 100, right + 150, bottom + 100)


def test_a_title_over_a_dark_picture_is_not_all_that_is_seen() -> None:
    dark = phantom_picture(1024, 4096)[0] // 2
    titled = np.pad(dark, ((16, 0), (0, 0)), constant_values=250)
    titled[4:12, 10:60:2] = 0
    left, top, right, bottom = content_box(titled)
    assert (right - left) * (bottom - top) > 0.8 * dark.size and bottom == len(titled)


def test_a_speck_of_noise_or_a_wire_is_no_content() -> None:
    picture = np.pad(phantom_picture(-600, 1500)[0], 100)
    clean = content_box(picture)
    picture[10, 20] = picture[300, 5] = 255
    assert content_box(picture) == clean


def test_text_in_the_corners_of_a_wide_field_is_no_content() -> None:
    picture = cv2.resize(phantom_picture(-600, 1500)[0], (256, 256))
    wide = np.pad(picture, 128)
    clean = content_box(wide)
    for corner in ((6, 20), (400, 500)):
        cv2.putText(wide, "Se: 3", corner, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
    assert content_box(wide) == clean


def test_a_picture_that_is_kept_by_columns_has_the_same_box() -> None:
    """As of a volume whose rows run from front to back; OpenCV draws into no such array."""
    picture, _ = phantom_picture(-600, 1500)
    far = np.zeros((400, 500), np.uint8)
    far[150:278, 200:328] = picture
    assert content_box(np.asfortranarray(far)) == content_box(far) != (0, 0, 500, 400)


def test_an_arm_or_table_beside_a_patient_who_fills_the_field_stays() -> None:
    picture = cv2.resize(phantom_picture(-600, 1500)[0], (256, 256))
    table = np.pad(picture, ((0, 40), (0, 0)))
    table[-6:, 40:200:4] = 200
    assert content_box(table)[3] == len(table)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), fill=st.just(0)))
def test_every_picture_has_a_box_that_is_not_empty(picture: NDArray[np.uint8]) -> None:
    left, top, right, bottom = content_box(picture)
    assert 0 <= left < right <= picture.shape[1] and 0 <= top < bottom <= picture.shape[0]


def test_the_whole_picture_is_framed_where_that_is_asked() -> None:
    picture = np.pad(phantom_picture(-600, 1500)[0], 100)
    assert frame_of(picture, "whole") == (0, 0, 328, 328)
    assert frame_of(picture, "content") == content_box(picture)


def test_another_framing_is_refused_by_name() -> None:
    assert checked_framing("content") == "content"
    with pytest.raises(ValueError, match="framing is whole or content, not 'tight'"):
        checked_framing("tight")
