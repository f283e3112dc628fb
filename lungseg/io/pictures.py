"""PNG, JPEG, TIFF and BMP to slices, as a viewer shows them on a black screen.

The classes of Pillow's plug-ins are called directly: ``Image.open`` warns and raises by a limit of
pixels that is global to the process, and its order of plug-ins is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    IMAGEDESCRIPTION,
    PHOTOMETRIC_INTERPRETATION,
    SAMPLEFORMAT,
    TiffImageFile,
)

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.io.reading import Reading
from lungseg.io.values import (
    COLOUR_SPREAD,
    Grey,
    check_finite,
    grey_of_deep_colour,
    grey_of_values,
)
from lungseg.slice import Slice, Source

DEEP_GREY = {"I;16", "I;16B", "I;16L", "I", "F"}  # Pillow's modes of more than 8 bits
CLEARLY_COLOURED = int(COLOUR_SPREAD * 255) + 1  # smallest spread of 8-bit values
SIGNED = 2  # of TIFF's SampleFormat
NEW_SUBFILE_TYPE = 254  # TIFF's tag of what a page is for, one bit a use
REDUCED = 1  # its bit of a smaller copy of another page
OF_IMAGEJ = re.compile(r"ImageJ=.*?^images=(\d+)", re.DOTALL | re.MULTILINE)  # how many pages
PNG_BIT_DEPTH = 24  # where the header chunk, which must come first, has it


def read_png(path: InputFile, reading: Reading) -> Iterator[Slice]:
    """One slice; of an animation the first picture. Any damaged chunk raises."""
    with path.open("rb") as file:
        deep = file.read(PNG_BIT_DEPTH + 1)[-1] == 16
        file.seek(0)
        picture = PngImageFile(file)
        check_size(picture, path, reading)
        frames = picture.n_frames
        picture.verify()  # all checksums: Pillow decodes picture data without looking at them
        file.seek(0)
        picture = PngImageFile(file)
        grey = grey_of_page(picture, path, 0, reading, deep)
    notes = [f"an animation: only the first of {frames} pictures is read"] if frames > 1 else []
    yield grey.to_slice(Source(str(path)), *notes)


def read_jpeg(path: InputFile, reading: Reading) -> Iterator[Slice]:
    """One slice; CMYK as its colours look on a screen."""
    with path.open("rb") as file:
        picture = JpegImageFile(file)
        check_size(picture, path, reading)
        grey = grey_of_page(picture, path, 0, reading)
    yield grey.to_slice(Source(str(path)))


def read_bmp(path: InputFile, reading: Reading) -> Iterator[Slice]:
    """One slice."""
    with path.open("rb") as file:
        picture = BmpImageFile(file)
        check_size(picture, path, reading)
        grey = grey_of_page(picture, path, 0, reading)
    yield grey.to_slice(Source(str(path)))


def read_tiff(path: InputFile, reading: Reading) -> Iterator[Slice]:
    """One slice per page, read page by page; a damaged page raises after those before it.

    A page that is marked as a smaller copy of another is none; raises UnreadableError where there
    is no other.
    """
    with path.open("rb") as file:
        with _known_numbers(path):
            picture = TiffImageFile(file)
        promised = OF_IMAGEJ.match(str(picture.tag_v2.get(IMAGEDESCRIPTION, "")))
        slices = 0
        for index in count():
            try:
                with _known_numbers(path):
                    picture.seek(index)
            except EOFError:
                break
            if picture.tag_v2.get(NEW_SUBFILE_TYPE, 0) & REDUCED:
                continue
            check_size(picture, path, reading)
            deep = 16 in picture.tag_v2.get(BITSPERSAMPLE, (1,))
            grey = grey_of_page(picture, path, index, reading, deep)
            yield grey.to_slice(Source(str(path), slices))
            slices += 1
    if not slices:
        raise UnreadableError(
            f"{path} has no picture but one that is marked as a smaller copy of another "
            "(NewSubfileType); save the other one"
        )
    if promised and index < int(promised[1]):
        raise UnreadableError(
            f"{path} promises {promised[1]} pictures, but lists {index}: ImageJ writes large "
            "stacks like that; save it as single pictures, or as NIfTI"
        )


@contextmanager
def _known_numbers(path: InputFile) -> Iterator[None]:
    """Say of a page that Pillow has no mode for that it is not damaged."""
    try:
        yield
    except SyntaxError as error:
        if "unknown pixel mode" not in str(error):
            raise
        raise UnreadableError(
            f"{path} is a TIFF of numbers or channels that are not read here, such as 64-bit "
            "floats; save it as grey of 8 or 16 bits, or of 32-bit floats"
        ) from error


def check_size(picture: ImageFile, path: InputFile, reading: Reading) -> None:
    """Raise UnreadableError, before anything is decoded, for more pixels than allowed."""
    width, height = picture.size
    if width * height > reading.max_pixels:
        raise UnreadableError(
            f"{path} is {width:,} x {height:,} pixels, expected at most {reading.max_pixels:,} "
            "in all; it is no CT slice, or its header is damaged"
        )


def grey_of_page(
    picture: ImageFile, path: InputFile, index: int, reading: Reading, deep: bool = False
) -> Grey:
    """Decode the page that ``picture`` stands at; ``deep`` when it has 16 bits per channel."""
    tags = picture.tag_v2 if isinstance(picture, TiffImageFile) else {}
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    signed = tags.get(SAMPLEFORMAT, (1,))[0] == SIGNED
    if picture.mode in DEEP_GREY or (picture.mode == "L" and signed):
        values = np.asarray(picture)
        if picture.mode == "L":
            values = values.view(np.int8)  # Pillow has no mode for them
        if values.dtype == np.int32 and tags.get(SAMPLEFORMAT, (1,))[0] == 1:
            values = values.view(np.uint32)  # Pillow has no unsigned 32-bit mode
        if signed and tags.get(BITSPERSAMPLE, (1,))[0] == 16:
            values = values.astype(np.int16)  # nor one of signed 16 bits
        try:
            check_finite(values)
        except ValueError as error:
            raise UnreadableError(f"{path}: {error}") from error
        inverted = tags.get(PHOTOMETRIC_INTERPRETATION) == 0  # Pillow inverts 8 bits only
        return grey_of_values(values, reading.hu_offset, reading.window, inverted)
    if deep and picture.mode in ("RGB", "RGBA"):
        alpha = None
        if picture.mode == "RGBA":
            alpha = np.asarray(picture.getchannel("A"), np.float32) / np.float32(255)
        grey = grey_of_deep_colour(deep_colour(path, index), alpha)
    else:
        grey = grey_of_picture(picture)
    if reading.hu_offset is None:
        return grey
    unused = "a picture of 8 bits or in colour: the HU offset is not used"
    return replace(grey, messages=(*grey.messages, unused))


def deep_colour(path: InputFile, index: int) -> NDArray[np.uint16]:
    """R, G, B of 16 bits, H x W x 3, without alpha; Pillow would keep the upper 8 bits only."""
    import cv2

    data = np.frombuffer(path.read_bytes(), np.uint8)
    done, pages = cv2.imdecodemulti(
        data, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR, range=(index, index + 1)
    )
    if not done or pages[0].dtype != np.uint16:
        raise ValueError("OpenCV cannot decode its 16-bit colours")
    bgr: NDArray[Any] = pages[0]
    return bgr[..., ::-1]


def grey_of_picture(picture: Image.Image) -> Grey:
    """Grey of an 8-bit picture of any mode: ITU-R BT.601 luma of its colours over black.

    Black, because CT has black around the patient: a viewer's white would light up the air.
    """
    messages: tuple[str, ...] = ()
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        if any(layers.getchannel("A").histogram()[:255]):
            black = Image.new("RGBA", layers.size, (0, 0, 0, 255))
            picture = Image.alpha_composite(black, layers)
            messages = ("transparent pixels are shown over black",)
    colour = 0.0
    if picture.mode not in ("1", "L", "LA"):
        picture = picture.convert("RGB")
        colour = colour_share(picture)
    grey = np.asarray(picture.convert("L"), np.float32)
    return Grey(grey / np.float32(255), colour=colour, messages=messages)


def colour_share(rgb: Image.Image) -> float:
    """Share of the pixels whose R, G and B differ by more than 0.15, 0 to 1."""
    red, green, blue = rgb.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    least = ImageChops.darker(ImageChops.darker(red, green), blue)
    histogram = ImageChops.subtract(most, least).histogram()
    return sum(histogram[CLEARLY_COLOURED:]) / (rgb.width * rgb.height)
