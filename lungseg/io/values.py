"""From numbers of more than 8 bits, grey or coloured, to pixels in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungseg.io.hu import why_not_hu, wrapped, wrong_offset
from lungseg.io.window import Window, window_hu
from lungseg.slice import Scale, Slice, Source

COLOUR_SPREAD = 0.15  # max - min over R, G, B above which a pixel is clearly coloured
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


@dataclass(frozen=True, eq=False)
class Grey:
    """``pixels`` float32 H x W in [0, 1] with what had to be assumed to get them."""

    pixels: NDArray[np.float32]
    scale: Scale = "display"
    colour: float = 0.0
    messages: tuple[str, ...] = ()

    def to_slice(self, source: Source, *notes: str) -> Slice:
        """The slice from ``source``, ``notes`` before what is said already."""
        return Slice(
            self.pixels,
            source,
            scale=self.scale,
            colour=self.colour,
            messages=(*notes, *self.messages),
        )


def check_finite(values: NDArray[Any]) -> None:
    """Raise ValueError when ``values`` hold NaN or infinity."""
    if values.dtype.kind != "f":
        return
    bad = int(values.size - np.isfinite(values).sum())
    if bad:
        raise ValueError(
            f"{bad} of {values.size} values are NaN or infinite, expected finite numbers; "
            "fill them first, for example with numpy.nan_to_num"
        )


def luma(rgb: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Grey H x W of an H x W x 3 picture in [0, 1] by ITU-R BT.601, and its share of colour."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return np.clip(rgb @ LUMA, 0, 1), float((spread > COLOUR_SPREAD).mean())


def stretch(values: NDArray[Any]) -> NDArray[np.float32]:
    """Float32 in [0, 1] from the smallest to the largest value; a constant becomes 0."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.zeros(values.shape, np.float32)
    # float32 holds every 16-bit value, but not the differences of large 32-bit ones
    dtype = np.float32 if values.itemsize <= 2 else np.float64
    moved = np.subtract(values, low, dtype=dtype)
    moved /= high - low
    return moved.astype(np.float32, copy=False)


def grey_of_values(
    values: NDArray[Any], hu_offset: float | None, window: Window, inverted: bool = False
) -> Grey:
    """Grey of H x W numbers deeper than 8 bits.

    With ``hu_offset`` (value = HU + ``hu_offset``) they are HU, seen through ``window``, and where
    they cannot be, that is told; without, floats already in [0, 1] stay and all else is stretched
    from its own range, light for dark when ``inverted`` (TIFF's WhiteIsZero). Raises ValueError for
    NaN and infinity.
    """
    check_finite(values)
    if hu_offset is not None:
        hu = np.subtract(values, hu_offset, dtype=np.float32)
        why = why_not_hu(float(hu.min()), float(hu.max()))
        said = (f"{why}: the HU offset is probably wrong",) if why else wrong_offset(hu)
        return Grey(window_hu(hu, window), "hu", messages=said)
    low, high = values.min(), values.max()
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        pixels = values.astype(np.float32)
        message = "float values within 0 to 1 are taken as they are"
    else:
        pixels = stretch(values)
        message = (
            f"{values.itemsize * 8}-bit values stretched from their own range, {low} to {high}; "
            "say the HU offset if they are HU"
        )
    unsigned = wrapped(values)
    doubt = (f"{unsigned}: it was probably saved as the wrong kind of number",) if unsigned else ()
    return Grey(1 - pixels if inverted else pixels, messages=(message, *doubt))


def grey_of_deep_colour(rgb: NDArray[np.uint16], alpha: NDArray[np.float32] | None) -> Grey:
    """Grey of an H x W x 3 picture of 16 bits, over black where ``alpha`` (H x W) is below 1."""
    low, high = int(rgb.min()), int(rgb.max())
    stretched = stretch(rgb)
    if alpha is not None:
        stretched = stretched * alpha[..., None]
    grey, colour = luma(stretched)
    message = f"16-bit colour picture stretched from its own range, {low} to {high}"
    return Grey(grey, colour=colour, messages=(message,))
