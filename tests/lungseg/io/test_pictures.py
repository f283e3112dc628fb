"""Pictures of every mode are read as a viewer shows them on black."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from lungseg.errors import UnreadableError
from lungseg.io import read_slices
from lungseg.slice import Slice

LOSSLESS = ("png", "bmp", "tif")
GREY = (np.arange(48, dtype=np.uint8) * 5).reshape(6, 8)
RED_AND_GREY = np.array([[[255, 0, 0], [90, 90, 90], [90, 128, 90], [90, 129, 90]]], np.uint8)


def one(path: Path, **options: object) -> Slice:
    (found,) = read_slices(path, **options)
    assert found.pixels.dtype == np.float32
    assert found.source.path == str(path)
    return found


def saved(picture: Image.Image | np.ndarray, path: Path, **options: object) -> Path:
    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture)
    picture.save(path, **options)
    return path


@settings(deadline=None)  # disks are slow at times
@given(
    array_shapes(min_dims=2, max_dims=2, max_side=20).flatmap(
        lambda shape: arrays(np.uint8, shape)
    ),
    st.sampled_from(LOSSLESS),
)
def test_8_bit_grey_comes_back_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, grey: np.ndarray, extension: str
) -> None:
    path = saved(grey, tmp_path_factory.getbasetemp() / f"grey.{extension}")
    found = one(path)
    assert (np.round(found.pixels * 255) == grey).all()
    assert (found.scale, found.colour, found.messages) == ("display", 0.0, ())


MODES = {
    "png": ("L", "RGB", "RGBA", "P", "LA"),
    "tif": ("L", "RGB", "RGBA", "P", "LA", "PA", "CMYK"),
    "bmp": ("L", "RGB", "RGBA", "P"),
}


@pytest.mark.parametrize(
    ("extension", "mode"), [(key, mode) for key, modes in MODES.items() for mode in modes]
)
def test_grey_picture_of_any_mode_looks_the_same(tmp_path: Path, mode: str, extension: str) -> None:
    path = saved(Image.fromarray(GREY).convert(mode), tmp_path / f"x.{extension}")
    found = one(path)
    assert found.pixels * 255 == pytest.approx(GREY.astype(float), abs=1)
    assert (found.colour, found.messages) == (0.0, ())


@pytest.mark.parametrize("extension", LOSSLESS)
def test_1_bit_is_black_and_white(tmp_path: Path, extension: str) -> None:
    path = saved(Image.fromarray(GREY > 120), tmp_path / f"x.{extension}")
    assert (one(path).pixels == (GREY > 120)).all()


@pytest.mark.parametrize("extension", LOSSLESS)
def test_colour_is_luma_and_its_share_is_told(tmp_path: Path, extension: str) -> None:
    found = one(saved(RED_AND_GREY, tmp_path / f"x.{extension}"))
    luma = RED_AND_GREY @ [0.299, 0.587, 0.114]
    assert found.pixels * 255 == pytest.approx(luma, abs=0.51)
    assert found.colour == 0.5  # red, and the pixel whose spread is 39; 38 is no colour


def test_palette_is_looked_up(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1, 1]], np.uint8)).copy()
    picture = picture.convert("P")
    picture.putpalette([0, 0, 255, 255, 255, 255])
    found = one(saved(picture, tmp_path / "x.png"))
    assert found.pixels == pytest.approx(np.array([[0.114, 1, 1]]), abs=0.002)
    assert found.colour == pytest.approx(1 / 3)


@pytest.mark.parametrize("extension", ["png", "tif"])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_pixels_are_over_black(tmp_path: Path, mode: str, extension: str) -> None:
    picture = Image.new("L", (3, 1), 200).convert(mode)
    picture.putalpha(Image.fromarray(np.array([[0, 128, 255]], np.uint8)))
    found = one(saved(picture, tmp_path / f"x.{extension}"))
    assert found.pixels * 255 == pytest.approx(np.array([[0, 100, 200]]), abs=1)
    assert found.messages == ("transparent pixels are shown over black",)


def test_transparent_palette_colour_is_over_black(tmp_path: Path) -> None:
    picture = Image.fromarray(GREY).convert("P")
    path = saved(picture, tmp_path / "x.png", transparency=int(np.asarray(picture)[5, 7]))
    found = one(path)
    assert found.pixels[5, 7] == 0
    assert found.pixels[5, 6] > 0.8


def test_jpeg_in_grey_colour_and_cmyk(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    for mode in ("L", "RGB", "CMYK"):
        picture = Image.fromarray(smooth).convert(mode)
        found = one(saved(picture, tmp_path / f"{mode}.jpg", quality=95))
        assert found.pixels * 255 == pytest.approx(smooth.astype(float), abs=6)
        assert found.colour == 0


@pytest.mark.parametrize("extension", ["png", "jpg", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied_once(tmp_path: Path, orientation: int, extension: str) -> None:
    upright = np.zeros((16, 24), np.uint8)
    upright[:8, :16] = 240  # no two of the eight orientations look alike
    back = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(back[orientation])
    path = saved(stored, tmp_path / f"x.{extension}", exif=exif)
    assert one(path).pixels * 255 == pytest.approx(upright.astype(float), abs=12)


@pytest.mark.parametrize("extension", ["png", "tif"])
@settings(deadline=None)  # disks are slow at times
@given(
    array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(lambda shape: arrays(np.uint16, shape))
)
def test_16_bit_grey_is_stretched_from_its_own_range(
    tmp_path_factory: pytest.TempPathFactory, extension: str, grey: np.ndarray
) -> None:
    found = one(saved(grey, tmp_path_factory.getbasetemp() / f"deep.{extension}"))
    low, high = int(grey.min()), int(grey.max())
    expected = (grey.astype(float) - low) / max(high - low, 1)
    assert found.pixels == pytest.approx(expected, abs=1e-6)
    assert found.scale == "display"
    assert f"range, {low} to {high}" in found.messages[0]


@pytest.mark.parametrize("extension", ["png", "tif"])
def test_16_bit_grey_is_hu_when_the_user_says_so(tmp_path: Path, extension: str) -> None:
    hu = np.array([[-1024, -1350, -600], [-225, 150, 3000]])
    path = saved((hu + 2000).astype(np.uint16), tmp_path / f"x.{extension}")
    found = one(path, hu_offset=2000)
    assert found.pixels == pytest.approx(np.clip((hu + 1350) / 1500, 0, 1), abs=1e-6)
    assert (found.scale, found.messages) == ("hu", ())
    assert one(path, hu_offset=2000, window=(-225, 100)).pixels[1, 0] == 0.5


@pytest.mark.parametrize(
    ("offset", "why"), [(0, "without air"), (2048, "darker than air"), (9000, "without tissue")]
)
def test_an_offset_that_does_not_fit_is_told(tmp_path: Path, offset: float, why: str) -> None:
    hu = np.full((8, 8), -1000)
    hu[2:6, 2:6] = [[-800, 40, 60, 1200]]
    path = saved((hu + 1024).astype(np.uint16), tmp_path / "x.png")
    assert one(path, hu_offset=1024).messages == ()
    [said] = one(path, hu_offset=offset).messages
    assert why in said and said.endswith("the HU offset is probably wrong")


def test_hu_offset_on_8_bits_is_refused_in_words(tmp_path: Path) -> None:
    found = one(saved(GREY, tmp_path / "x.png"), hu_offset=1024)
    assert found.scale == "display"
    assert "HU offset is not used" in found.messages[0]


@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_16_bit_colour_keeps_all_its_bits(tmp_path: Path, extension: str) -> None:
    grey = (np.arange(48, dtype=np.uint16) + 1000).reshape(6, 8)  # one level of 8 bits
    path = tmp_path / f"x{extension}"
    assert cv2.imwrite(str(path), np.stack([grey, grey, grey], axis=2))
    found = one(path)
    assert found.pixels == pytest.approx((grey - 1000) / 47, abs=1e-5)
    assert (found.scale, found.colour) == ("display", 0.0)
    assert "1000 to 1047" in found.messages[0]


def test_16_bit_colour_is_red_where_it_is_red_and_black_where_transparent(tmp_path: Path) -> None:
    red, opacity = [0, 0, 65535], [65535, 0]  # OpenCV has blue first
    bgra = np.array([[[*red, seen] for seen in opacity]], np.uint16)
    assert cv2.imwrite(str(tmp_path / "x.png"), bgra)
    assert one(tmp_path / "x.png").pixels == pytest.approx(np.array([[0.299, 0]]), abs=1e-4)


def test_tiff_of_floats_and_wide_integers(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 12).reshape(3, 4)
    for name, values in {
        "float": (ramp * 500 - 100).astype(np.float32),
        "int": (ramp * 1.1e6 - 500).astype(np.int32),
    }.items():
        found = one(saved(values, tmp_path / f"{name}.tif"))
        assert found.pixels == pytest.approx(ramp, abs=1e-5)
        assert "own range" in found.messages[0]
    normal = one(saved((ramp / 2).astype(np.float32), tmp_path / "normal.tif"))
    assert normal.pixels == pytest.approx(ramp / 2, abs=1e-6)
    assert "taken as they are" in normal.messages[0]
    assert cv2.imwrite(str(tmp_path / "u.tif"), (ramp * 4e9).astype(np.uint32))
    assert one(tmp_path / "u.tif").pixels == pytest.approx(ramp, abs=1e-6)
    narrow = 4_000_000_000 + np.arange(12, dtype=np.uint32).reshape(3, 4)
    assert cv2.imwrite(str(tmp_path / "narrow.tif"), narrow)
    assert one(tmp_path / "narrow.tif").pixels == pytest.approx(ramp, abs=1e-6)


def test_tiff_of_signed_16_bits_is_told_as_such(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "x.tif"), np.array([[-1024, 0, 653]], np.int16))
    found = one(tmp_path / "x.tif")
    assert "16-bit values stretched from their own range, -1024 to 653" in found.messages[0]


def test_tiff_of_signed_bytes_is_dark_below_0(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "x.tif"), np.array([[-128, 0, 127]], np.int8))
    found = one(tmp_path / "x.tif")
    assert found.pixels == pytest.approx(np.array([[0, 128 / 255, 1]]))
    assert "8-bit values stretched from their own range, -128 to 127" in found.messages[0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.ones((4, 5), np.float64), "TIFF of numbers or channels that are not read here"),
        (np.full((4, 5), np.nan, np.float32), "20 of 20 values are NaN or infinite"),
    ],
)
def test_numbers_that_are_not_read_are_not_called_damaged(
    tmp_path: Path, values: np.ndarray, said: str
) -> None:
    assert cv2.imwrite(str(tmp_path / "x.tif"), values)
    with pytest.raises(UnreadableError, match=said) as error:
        one(tmp_path / "x.tif")
    assert "damaged" not in str(error.value)


def test_numbers_that_lost_their_sign_are_told(tmp_path: Path) -> None:
    hu = np.tile(np.array([[-1000, -900, 40, 300]], np.int16), (4, 1))
    for extension in ("png", "tif"):
        found = one(saved(hu.view(np.uint16), tmp_path / f"x.{extension}"))
        assert "50% of the values are numbers below 0 without their sign" in found.messages[1]


def test_pages_that_imagej_promises_and_does_not_list_are_missed(tmp_path: Path) -> None:
    pages = [Image.fromarray(GREY + np.uint8(page)) for page in range(3)]
    tags = {270: "ImageJ=1.54f\nimages=3\nslices=3\n"}
    whole = {"save_all": True, "append_images": pages[1:]}
    assert len(list(read_slices(saved(pages[0], tmp_path / "x.tif", tiffinfo=tags, **whole)))) == 3
    found = read_slices(saved(pages[0], tmp_path / "x.tif", tiffinfo=tags))
    assert np.round(next(found).pixels * 255).tolist() == GREY.tolist()
    with pytest.raises(UnreadableError, match="promises 3 pictures, but lists 1"):
        next(found)


def test_tiff_with_white_as_zero_is_inverted(tmp_path: Path) -> None:
    for dtype in (np.uint8, np.uint16):
        stored = np.array([[0, 255]], dtype)
        path = saved(stored, tmp_path / "x.tif")
        data = path.read_bytes()
        photometric = np.array([262, 3, 1, 0, 1], "<u2").tobytes()
        assert data.count(photometric) == 1
        path.write_bytes(data.replace(photometric, np.array([262, 3, 1, 0, 0], "<u2").tobytes()))
        assert one(path).pixels.tolist() == [[1, 0]]


def test_tiff_pages_are_slices_counted_from_0(tmp_path: Path) -> None:
    pages = [np.full((4 + page, 5), 50 * page, np.uint8) for page in range(4)]
    deep = np.array([[0, 65535]], np.uint16)
    pictures = [Image.fromarray(page) for page in (*pages, deep)]
    path = saved(pictures[0], tmp_path / "x.tif", save_all=True, append_images=pictures[1:])
    found = list(read_slices(path))
    assert [page.source.index for page in found] == [0, 1, 2, 3, 4]
    assert [page.shape for page in found] == [(4, 5), (5, 5), (6, 5), (7, 5), (1, 2)]
    assert [round(float(page.pixels.max()) * 255) for page in found[:4]] == [0, 50, 100, 150]
    assert found[3].messages == ()
    assert "16-bit" in found[4].messages[0]


def test_smaller_copies_of_a_page_are_no_slices(tmp_path: Path) -> None:
    def page(shade: int, use: int) -> Image.Image:
        picture = Image.fromarray(np.full((6, 8), shade, np.uint8))
        picture.encoderinfo = {"tiffinfo": {254: use}}
        return picture

    def write(*uses: int) -> Path:
        first, *others = (page(50 * number, use) for number, use in enumerate(uses))
        tags = first.encoderinfo["tiffinfo"]
        return saved(first, tmp_path / "x.tif", save_all=True, append_images=others, tiffinfo=tags)

    found = list(read_slices(write(1, 0, 3, 2)))  # 2: a page of several, 1: a smaller copy
    assert [slice_.source.index for slice_ in found] == [0, 1]
    assert [round(float(slice_.pixels.max()) * 255) for slice_ in found] == [50, 150]
    with pytest.raises(UnreadableError, match="no picture but one that is marked as a smaller"):
        list(read_slices(write(1)))


def test_16_bit_colour_pages_are_not_mixed_up(tmp_path: Path) -> None:
    pages = [np.array([[[0, 0, 0], [60000, 60000, 60000]]], np.uint16)]
    pages.append(pages[0][:, ::-1].copy())
    assert cv2.imwritemulti(str(tmp_path / "x.tif"), pages)
    found = [page.pixels.round(3).tolist() for page in read_slices(tmp_path / "x.tif")]
    assert found == [[[0, 1]], [[1, 0]]]


def test_animation_is_its_first_picture_and_says_so(tmp_path: Path) -> None:
    frames = [Image.new("L", (4, 4), shade) for shade in (10, 200)]
    path = saved(frames[0], tmp_path / "x.png", save_all=True, append_images=frames[1:])
    found = one(path)
    assert round(float(found.pixels[0, 0]) * 255) == 10
    assert "first of 2" in found.messages[0]
