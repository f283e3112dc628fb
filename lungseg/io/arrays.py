"""What a notebook holds, arrays and paths, to slices."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lungseg.io.pictures import DEEP_GREY, grey_of_picture
from lungseg.io.read import read_slices
from lungseg.io.values import Grey, check_finite, grey_of_deep_colour, grey_of_values, luma
from lungseg.io.window import LUNG_WINDOW, Window, check_window, window_hu
from lungseg.slice import Slice, Source

ROUNDING = 1e-4  # by which resizing may leave the range
One: TypeAlias = "Slice | NDArray[Any] | Image.Image | str | os.PathLike[str]"
ImageLike: TypeAlias = "One | Sequence[ImageLike]"


def as_slices(
    image: ImageLike, hu_offset: float | None = None, window: Window = LUNG_WINDOW
) -> list[Slice]:
    """Slices of an array, a picture of Pillow, a path, a ``Slice``, or of a list or tuple of these,
    in their order.

    One array is one slice, H x W or H x W x 3 or 4 (colour, the fourth is opacity): uint8 is 0 to
    255, float 0 to 1, bool black and white, signed integers are HU seen through ``window``
    (centre, width), uint16 is stretched from its own range like a 16-bit picture, or is HU +
    ``hu_offset`` when that is given. A picture is taken as it is displayed, of its first frame. A
    path is read by ``read_slices``. The source of an array or picture is ``"array"`` with its place
    in the result.

    Raises ValueError for another shape or kind of number, floats outside 0 to 1, NaN and infinity;
    TypeError for anything else; UnreadableError for a file that cannot be decoded.
    """
    check_window(window)
    if hu_offset is not None and not isfinite(hu_offset):
        raise ValueError(f"the HU offset is {hu_offset}, expected a finite number such as 1024")
    slices: list[Slice] = []
    for item in _flat(image):
        if isinstance(item, Slice):
            slices.append(item)
        elif isinstance(item, np.ndarray):
            slices.append(_slice_of_array(item, len(slices), hu_offset, window))
        elif isinstance(item, Image.Image):
            slices.append(_slice_of_picture(item, len(slices), hu_offset, window))
        else:
            slices.extend(read_slices(Path(item), hu_offset, window))
    return slices


def _flat(image: ImageLike) -> Iterator[One]:
    if isinstance(image, (list, tuple)):
        for item in image:
            yield from _flat(item)
    elif isinstance(image, (Slice, np.ndarray, Image.Image, str, os.PathLike)):
        yield image
    else:
        raise TypeError(
            f"got {type(image).__name__}, expected a NumPy array, a picture of Pillow, a path, a "
            "Slice or a list of these"
        )


def _slice_of_array(
    array: NDArray[Any], index: int, hu_offset: float | None, window: Window
) -> Slice:
    _check_shape(array)
    plane = array.ndim == 2
    grey = _grey_of_plane(array, hu_offset, window) if plane else _grey_of_colour(array)
    return grey.to_slice(Source("array", index))


def _slice_of_picture(
    picture: Image.Image, index: int, hu_offset: float | None, window: Window
) -> Slice:
    """As its file would be read, but for what Pillow does not keep, such as 16-bit colours."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in DEEP_GREY:
        values = np.asarray(picture)
        check_finite(values)
        grey = grey_of_values(values, hu_offset, window)
    else:
        grey = grey_of_picture(picture)
    return grey.to_slice(Source("array", index))


def _check_shape(array: NDArray[Any]) -> None:
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4)):
        if array.size == 0:
            raise ValueError(f"the array of shape {array.shape} has no pixels")
        return
    advice = "one array is one slice"
    if array.ndim == 3:
        advice = "a volume is passed as a list of its slices, list(volume), slices first"
    raise ValueError(f"shape {array.shape}, expected H x W, or H x W x 3 or 4; {advice}")


def _grey_of_plane(array: NDArray[Any], hu_offset: float | None, window: Window) -> Grey:
    if array.dtype == np.uint16:
        return grey_of_values(array, hu_offset, window)
    if array.dtype.kind == "i":
        low, high = int(array.min()), int(array.max())
        messages = (
            (f"integers from {low} to {high} taken as HU, though without air; a picture is uint8",)
            if low >= 0
            else ()
        )
        return Grey(window_hu(array, window), "hu", messages=messages)
    if array.dtype.kind == "f":
        return Grey(_checked_floats(array))
    if array.dtype in (np.uint8, np.bool_):
        peak = np.float32(255 if array.dtype == np.uint8 else 1)
        return Grey(array.astype(np.float32) / peak)
    raise ValueError(_unknown_numbers(array))


def _grey_of_colour(array: NDArray[Any]) -> Grey:
    if array.dtype == np.uint8:
        return grey_of_picture(Image.fromarray(array))
    opaque = array.shape[2] == 3
    if array.dtype == np.uint16:
        alpha = None if opaque else (array[..., 3] / np.float32(65535)).astype(np.float32)
        return grey_of_deep_colour(array[..., :3], alpha)
    if array.dtype.kind == "f":
        layers = _checked_floats(array)
        grey, colour = luma(layers if opaque else layers[..., :3] * layers[..., 3:])
        return Grey(grey, colour=colour)
    if array.dtype.kind == "i":
        raise ValueError(
            f"shape {array.shape} of {array.dtype}: signed integers are HU and have no colour; "
            "a colour picture is uint8, a volume is passed as a list of its slices, H x W each"
        )
    raise ValueError(_unknown_numbers(array))


def _checked_floats(array: NDArray[Any]) -> NDArray[np.float32]:
    """A float32 copy within [0, 1]; raises ValueError for values farther outside than ROUNDING."""
    check_finite(array)
    low, high = float(array.min()), float(array.max())
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            f"float values from {low:g} to {high:g}, expected 0 to 1; pass HU as signed integers "
            "(image.astype('int16')), a picture of 0 to 255 as uint8, or divide it by 255"
        )
    return array.astype(np.float32).clip(0, 1)


def _unknown_numbers(array: NDArray[Any]) -> str:
    return (
        f"numbers of type {array.dtype}, expected uint8 (0 to 255), float (0 to 1), signed "
        "integers (HU), uint16 or bool; convert with image.astype"
    )
