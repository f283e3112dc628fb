"""The pixels of one frame as a slice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io.dicom.dataset import whole_of
from lungseg.io.dicom.header import Header, Rescale
from lungseg.io.hu import (
    AIR,
    AIR_HU,
    MOST_HU,
    as_displayed,
    of_padding,
    offset_to_hu,
    untold_padding,
    wrapped,
    wrong_offset,
)
from lungseg.io.planes import ORIENTATION, is_transposed, turned_to_lps
from lungseg.io.reading import Reading
from lungseg.io.values import Grey, check_finite
from lungseg.io.window import window_hu
from lungseg.slice import Slice, Source

if TYPE_CHECKING:
    from pydicom import Dataset

HU_UNITS = ("", "HU", "US")  # US: unspecified; others, such as MGML, are maps of a material


def frame_slice(
    dataset: Dataset, header: Header, index: int, source: Source, reading: Reading
) -> Slice:
    """Frame ``index`` seen through the window, turned to LPS; a refused one black, undecoded.

    Raises UnreadableError for values without their sign, and whatever the decoder raises.
    """
    frame = header.frames[index]
    if frame.refusal:
        black = np.zeros((max(header.rows, 1), max(header.columns, 1)), np.float32)
        return Slice(black, source, refusal=frame.refusal, messages=frame.notes)
    stored = _stored(dataset, index)
    if stored.shape != (header.rows, header.columns):
        raise ValueError(f"decoded to {stored.shape}, expected {header.rows, header.columns}")
    check_finite(stored)
    unsigned = wrapped(stored[_shown(stored, header.padding)])
    if unsigned:
        raise UnreadableError(
            f"{source.path}: {unsigned}; its PixelRepresentation is wrong, export it again"
        )
    grey = _grey(stored, header, frame.rescale, reading)
    directions = frame.place.directions
    slice_ = replace(grey.to_slice(source, *frame.notes), spacing=frame.spacing)
    if directions is None:
        return slice_
    spacing = frame.spacing
    if spacing is not None and is_transposed(directions):
        spacing = (spacing[1], spacing[0])
    return replace(
        slice_,
        pixels=np.ascontiguousarray(turned_to_lps(slice_.pixels, directions)),
        spacing=spacing,
        orientation=ORIENTATION,
    )


def _stored(dataset: Dataset, index: int) -> NDArray[Any]:
    """The values of a frame, also where older scanners put them in the upper bits (HighBit, DICOM
    PS3.5 8.1.1), which pydicom does not look at."""
    from pydicom.pixels import pixel_array

    high, bits = whole_of(dataset, "HighBit"), whole_of(dataset, "BitsStored")
    unused = 0 if high is None or bits is None else high + 1 - bits
    if unused > 0:
        raw = pixel_array(dataset, index=index, correct_unused_bits=False)
        if not (raw & ((1 << unused) - 1)).any():  # else the header is wrong
            return raw >> unused
    return pixel_array(dataset, index=index)


def _grey(stored: NDArray[Any], header: Header, rescale: Rescale, reading: Reading) -> Grey:
    """HU seen through the window, or, where the values cannot be HU, their own range."""
    shown = _shown(stored, header.padding)
    padded: tuple[str, ...] = ()
    padding = untold_padding(stored[shown], rescale.slope, rescale.intercept)
    if padding is not None:
        shown &= stored != padding
        padded = (of_padding(padding),)
    values = stored.astype(np.float32) * np.float32(rescale.slope) + np.float32(rescale.intercept)
    low, high = (float(values[shown].min()), float(values[shown].max())) if shown.any() else (0, 0)
    # a header with an offset means HU, whatever a person says of other files
    offset, why = offset_to_hu(low, high, None if rescale.intercept < 0 else reading.hu_offset)
    in_hu = rescale.unit.upper() in HU_UNITS
    if not in_hu:
        why = f"values in {rescale.unit} are no HU"
    said: tuple[str, ...] = ()
    if not rescale.said:
        said = ("its header has no slope and intercept: taken for HU",)
    elif rescale.intercept < 0 and in_hu and AIR_HU <= low <= high <= MOST_HU:
        # a small field of view within the body; the offset shows that the scanner meant HU
        why, said = "", (f"values from {low:g} to {high:g}: HU by its header, but without air",)
    elif offset and in_hu:
        said = (f"not the HU that its header says: taken for HU + {offset:g}, the offset given",)
    if not why:
        values -= np.float32(offset)
        values[~shown] = AIR
        said += wrong_offset(values)
        return Grey(window_hu(values, reading.window), "hu", messages=said + padded)
    window, message = as_displayed(low, high, why)
    pixels = window_hu(values, window)
    pixels[~shown] = 0
    return Grey(1 - pixels if header.inverted else pixels, messages=(message, *padded))


def _shown(stored: NDArray[Any], padding: int | None) -> NDArray[np.bool_]:
    """Where the scanner saw something. The header may hold the padding's bits as unsigned."""
    if padding is None or stored.dtype.kind == "f":
        return np.ones(stored.shape, np.bool_)
    bits = 8 * stored.itemsize
    same = (stored.astype(np.int64) - padding) % (1 << bits) == 0
    return ~same
