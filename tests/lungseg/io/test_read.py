"""One file: which format, how large, how damaged."""

from __future__ import annotations

import gc
import io
import random
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from lungseg.errors import UnreadableError
from lungseg.io import FORMATS, find_inputs, read_slices
from lungseg.io.read import READERS
from lungseg.slice import Slice

NOISE = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)
GREY = NOISE[..., 0]


def encoded(picture: np.ndarray, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, file_format, **options)
    return buffer.getvalue()


def files() -> dict[str, bytes]:
    two_pages = {"save_all": True, "append_images": [Image.fromarray(255 - GREY)]}
    return {
        "png": encoded(GREY, "PNG"),
        "png 16 bit": encoded(GREY.astype(np.uint16) * 200, "PNG"),
        "jpeg": encoded(NOISE, "JPEG"),
        "jpeg progressive": encoded(NOISE, "JPEG", progressive=True),
        "tiff": encoded(GREY, "TIFF"),
        "tiff pages": encoded(GREY, "TIFF", **two_pages),
        "tiff lzw": encoded(NOISE, "TIFF", compression="tiff_lzw"),
        "tiff deflate": encoded(GREY, "TIFF", compression="tiff_adobe_deflate"),
        "bmp": encoded(NOISE, "BMP"),
        "bmp 1 bit": encoded(GREY > 99, "BMP"),
    }


def read_or_refuse(data: bytes, path: Path) -> list[Slice] | None:
    """The slices, or None when refused; whatever else is raised fails the test."""
    path.write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about damaged tags
            return list(read_slices(path))
    except UnreadableError as error:
        assert str(path) in str(error) and "\n" not in str(error)
        return None


def same(first: list[Slice], second: list[Slice]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(one.pixels, other.pixels) for one, other in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("kind", files())
def test_truncated_picture_is_whole_or_refused(kind: str, tmp_path: Path) -> None:
    data = files()[kind]
    whole = read_or_refuse(data, tmp_path / "x")
    assert whole is not None
    lengths = {len(data) * part // 12 for part in range(12)} | {
        len(data) - cut for cut in range(1, 9)
    }
    for length in sorted(lengths):
        found = read_or_refuse(data[:length], tmp_path / "x")
        # the last bytes may be a checksum or padding, without which the picture is complete
        assert found is None or (length > len(data) - 9 and same(found, whole)), length


@pytest.mark.parametrize("kind", files())
def test_flipped_bits_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    data = files()[kind]
    chance = random.Random(kind)
    for flips in (1, 1, 1, 1, 1, 3, 3, 3, 20, 20) * 2:
        damaged = bytearray(data)
        for _ in range(flips):
            place = chance.randrange(chance.choice([len(data), min(len(data), 160)]))
            damaged[place] ^= 1 << chance.randrange(8)
        found = read_or_refuse(bytes(damaged), tmp_path / "x")
        for page in found or []:
            assert page.pixels.min() >= 0 and page.pixels.max() <= 1


def test_png_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    data = bytearray(files()["png"])
    data[data.index(b"IEND") - 5] ^= 1  # the last byte of the checksum before the end chunk
    assert read_or_refuse(bytes(data), tmp_path / "x.png") is None


def test_truncated_png_is_refused_even_where_pillow_is_told_to_fill_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for kind in ("png", "png 16 bit"):
        data = files()[kind]
        assert read_or_refuse(data[: len(data) // 2], tmp_path / "x.png") is None


def test_magic_of_a_bitmap_is_seen_past_a_line_feed_in_its_size(tmp_path: Path) -> None:
    data = encoded(np.zeros((53, 1, 3), np.uint8), "BMP")
    assert data[2:3] == b"\n"
    (tmp_path / "x").write_bytes(data)
    assert next(read_slices(tmp_path / "x")).shape == (53, 1)


def test_pages_before_a_damaged_one_are_given(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    data = files()["tiff pages"]
    path.write_bytes(data[: len(data) * 2 // 3])
    pages = read_slices(path)
    assert next(pages).source.index == 0
    with pytest.raises(UnreadableError, match="slice 1 of .*x.tif"):
        next(pages)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is empty \(0 bytes\), expected DICOM, PNG, .* or ZIP"),
        (b"<html>Not found</html>", "starts with b'<html>Not fo'.*text or web page"),
        (bytes(400), "it holds zeros, a download"),
        (b"GIF89a\x01\x00\x01\x00", "starts with b'GIF89a.*another kind of file"),
        (b"\x89PNG\r\n\x1a\n", "starts like a PNG but cannot be decoded .*copy or export it again"),
        (b"\xff\xd8\xff\xe0", "starts like a JPEG but"),
        (b"II*\x00", "starts like a TIFF but"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "starts like a BMP but"),
    ],
)
def test_refusal_says_what_was_found_and_expected(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=message):
        list(read_slices(path))


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot be opened .No such file"):
        next(read_slices(tmp_path / "x.png"))
    with pytest.raises(UnreadableError, match="is a folder"):
        next(read_slices(tmp_path))


def test_every_format_that_is_known_has_a_reader() -> None:
    assert list(READERS) == [known.name for known in FORMATS]


@pytest.mark.parametrize("extension", [".png", ".JPG", ".tif", ".bmp"])
def test_wrong_extension_is_read_and_told(extension: str, tmp_path: Path) -> None:
    for kind, data in files().items():
        path = tmp_path / f"x{extension}"
        path.write_bytes(data)
        name = kind.split()[0].upper()
        right = any(
            entry.name == name and extension.lower() in entry.extensions for entry in FORMATS
        )
        told = [f"named {extension} but it is a {name}"] * (not right)
        for page in read_slices(path):
            assert [message for message in page.messages if "named" in message] == told


def test_unknown_extension_is_no_surprise(tmp_path: Path) -> None:
    (tmp_path / "IM0001").write_bytes(files()["png"])
    (page,) = read_slices(tmp_path / "IM0001")
    assert page.messages == ()


def test_one_pixel_is_read(tmp_path: Path) -> None:
    for file_format in ("PNG", "JPEG", "TIFF", "BMP"):
        (tmp_path / "x").write_bytes(encoded(np.array([[255]], np.uint8), file_format))
        (page,) = read_slices(tmp_path / "x")
        assert page.pixels.tolist() == [[1]]


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a picture and holds next to nothing of it: a decompression bomb."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(name + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + name + data + checksum

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    header = chunk(b"IHDR", size + b"\x08\0\0\0\0")
    rows = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + rows + chunk(b"IEND", b"")


def test_too_many_pixels_are_refused_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png_header(20_000, 20_000))
    with pytest.raises(
        UnreadableError, match="20,000 x 20,000 pixels, expected at most 100,000,000"
    ):
        next(read_slices(path))


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "bmp"])
def test_every_format_keeps_the_bound_of_pixels(kind: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(files()[kind])
    assert len(list(read_slices(tmp_path / "x", max_pixels=480))) == 1
    with pytest.raises(UnreadableError, match="20 x 24 pixels, expected at most 479"):
        next(read_slices(tmp_path / "x", max_pixels=479))


def test_limits_of_the_process_are_neither_used_nor_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    for name in ("png", "jpeg", "bmp"):  # Pillow checks its own limit once more in a TIFF
        (tmp_path / "x").write_bytes(files()[name])
        assert list(read_slices(tmp_path / "x")), name
    assert Image.MAX_IMAGE_PIXELS == 4


def test_impossible_window_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="width above 0"):
        read_slices(tmp_path / "x.png", window=(0, 0))


@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_files_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for data in files().values():
        path.write_bytes(data)
        list(read_slices(path))
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(UnreadableError):
            list(read_slices(path))
    gc.collect()


def test_reading_imports_no_heavy_package(repository: Path) -> None:
    code = (
        "import sys, lungseg.io\n"
        "print([m for m in ('torch', 'cv2', 'scipy', 'albumentations') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=repository
    )
    assert done.stdout.strip() == "[]"


def test_real_slices_are_read(shared_data: Path) -> None:
    folder = shared_data / "covid-ct" / "Images-processed"
    misnamed = 0
    for path in find_inputs(folder).files:
        (page,) = read_slices(path)
        assert page.pixels.std() > 0.05
        misnamed += "but it is a JPEG" in " ".join(page.messages)
    assert misnamed == 32


def test_real_hu_shows_air_and_body(shared_data: Path) -> None:
    for path in find_inputs(shared_data / "tcga-hu").files[::10]:
        (page,) = read_slices(path, hu_offset=1024)
        assert page.scale == "hu"
        assert (page.pixels < 0.3).mean() > 0.1
        assert (page.pixels > 0.8).mean() > 0.1
