"""Arrays, paths and lists of them to slices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lungseg.io import as_slices
from lungseg.slice import Slice, Source


def one(array: np.ndarray, **options: object) -> Slice:
    (found,) = as_slices(array, **options)
    assert found.pixels.dtype == np.float32
    return found


def test_uint8_is_0_to_255() -> None:
    assert one(np.array([[0, 51, 255]], np.uint8)).pixels == pytest.approx(np.array([[0, 0.2, 1]]))


def test_float_is_0_to_1() -> None:
    for dtype in (np.float16, np.float32, np.float64):
        assert one(np.array([[0, 0.25, 1]], dtype)).pixels.tolist() == [[0, 0.25, 1]]


def test_signed_integers_are_hu() -> None:
    for dtype in (np.int16, np.int32, np.int64):
        found = one(np.array([[-1350, -600, 150]], dtype))
        assert found.scale == "hu"
        assert found.messages == ()
        assert found.pixels.tolist() == [[0, 0.5, 1]]
    assert one(np.array([[-1024, 40]]), window=(40, 400)).pixels.tolist() == [[0, 0.5]]


def test_signed_integers_that_look_like_a_picture_are_told() -> None:
    assert "a picture is uint8" in one(np.array([[0, 255]])).messages[0]


def test_uint16_is_stretched_and_says_so_or_is_hu() -> None:
    array = np.array([[424, 1174, 1924]], np.uint16)
    stretched = one(array)
    assert stretched.pixels.tolist() == [[0, 0.5, 1]]
    assert stretched.scale == "display"
    assert "424 to 1924" in stretched.messages[0]
    hu = one(array, hu_offset=1774)
    assert hu.scale == "hu"
    assert hu.pixels.tolist() == [[0, 0.5, 1]]


def test_constant_uint16_is_black() -> None:
    assert not one(np.full((3, 3), 7, np.uint16)).pixels.any()


def test_bool_is_black_and_white() -> None:
    assert one(np.array([[False, True]])).pixels.tolist() == [[0, 1]]


@pytest.mark.parametrize("peak", [np.uint8(255), np.uint16(65535), np.float32(1)])
def test_colour_is_luma_over_black(peak: np.generic) -> None:
    colours = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 1]]]) * peak
    colours = colours.astype(peak.dtype)
    found = one(colours)
    assert found.pixels == pytest.approx(np.array([[0, 0.299, 0.587, 1]]), abs=0.002)
    assert found.colour == 0.5
    opacity = np.array([[[1], [1], [0], [1]]]) * peak
    shown = one(np.concatenate([colours, opacity.astype(peak.dtype)], axis=2))
    assert shown.pixels == pytest.approx(np.array([[0, 0.299, 0, 1]]), abs=0.002)


def test_list_is_flattened_in_order(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 255).save(tmp_path / "a.png")
    black = np.zeros((2, 2), np.uint8)
    ready = Slice(np.zeros((1, 1), np.float32), Source("mine", 4))
    found = as_slices([black, (str(tmp_path / "a.png"), [black]), ready, tmp_path / "a.png"])
    places = [(Path(page.source.path).name, page.source.index) for page in found]
    assert places == [("array", 0), ("a.png", 0), ("array", 2), ("mine", 4), ("a.png", 0)]
    assert found[3] is ready
    assert as_slices([]) == []


def test_what_resizing_leaves_outside_the_range_is_cut_off() -> None:
    [one] = as_slices(np.array([[-1e-6, 1 + 1e-6]]))
    assert one.pixels.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((2, 2), -600.0), "-600 to -600, expected 0 to 1.*int16"),
        (np.array([[0, 255.0]]), "0 to 255, expected 0 to 1.*uint8"),
        (np.array([[0, np.nan]]), "1 of 2 values are NaN"),
        (np.full((2, 2, 3), np.inf), "12 of 12 values are NaN or infinite"),
        (np.zeros((30, 8, 8), np.int16), r"list\(volume\)"),
        (np.zeros((8, 8, 3), np.int16), "have no colour"),
        (np.zeros(5), "expected H x W"),
        (np.zeros((0, 4), np.uint8), "no pixels"),
        (np.zeros((2, 2), np.uint32), "uint32"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.zeros((2, 2, 3), bool), "bool"),
        (np.array([["a"]]), "<U1"),
    ],
)
def test_refusals_say_what_was_found_and_what_to_pass(array: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_slices(array)


@pytest.mark.parametrize("thing", [None, 3, [[0.1, 0.2]], {"pixels": 3}])
def test_other_things_are_refused(thing: object) -> None:
    with pytest.raises(TypeError, match="expected a NumPy array"):
        as_slices(thing)


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "1", "I;16"])
def test_a_picture_of_pillow_is_seen_as_its_file(tmp_path: Path, mode: str) -> None:
    """Of a palette an array would be the indices."""
    ramp = np.linspace(0, 255, 60 * 40).reshape(60, 40).astype(np.uint8)
    picture = Image.fromarray(ramp)
    if mode == "I;16":
        picture = Image.fromarray(ramp.astype(np.uint16) * 9)
    elif mode != "L":
        picture = picture.convert(mode)
    picture.save(tmp_path / "a.png")
    [of_file] = as_slices(tmp_path / "a.png")
    [of_picture] = as_slices(Image.open(tmp_path / "a.png"))
    assert np.array_equal(of_picture.pixels, of_file.pixels)
    assert of_picture.messages == of_file.messages
    assert of_picture.source.path == "array"


def test_an_offset_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="the HU offset is nan, expected a finite number"):
        as_slices(np.zeros((40, 40), np.uint16), hu_offset=float("nan"))
