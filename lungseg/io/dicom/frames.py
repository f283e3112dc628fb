"""How many frames the pixel data of a DICOM file hold, whatever its header says."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from lungseg.io.dicom.dataset import value_of, whole_of

if TYPE_CHECKING:
    from pydicom import FileDataset

# How a compressed picture begins: JPEG, JPEG 2000 and its boxes, the table of an RLE frame.
START = re.compile(rb"\xff\xd8\xff|\xff\x4f\xff\x51|\0\0\0\x0cjP  |[\x01-\x0f]\0\0\0\x40\0\0\0")
ITEM_HEADER_BYTES = 8  # of a fragment: tag and length
# elements of pixels without compression, and their bits; None: as BitsAllocated says
PIXELS = {"PixelData": None, "FloatPixelData": 32, "DoubleFloatPixelData": 64}


def frames_held(dataset: FileDataset) -> int:
    """Whole frames in the pixel data; 0 where they cannot be counted.

    Compressed ones by the table of their offsets (DICOM PS3.5 A.4) or the beginnings of pictures,
    whichever are more: the table may be empty, and one frame may lie in several fragments.
    """
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return _compressed(bytes(value_of(dataset, "PixelData") or b""))
    sides = (whole_of(dataset, "Rows"), whole_of(dataset, "Columns"))
    samples = whole_of(dataset, "SamplesPerPixel") or 1
    for keyword, bits in PIXELS.items():
        data = value_of(dataset, keyword)
        each = (sides[0] or 0) * (sides[1] or 0) * samples
        each *= bits or whole_of(dataset, "BitsAllocated") or 0
        if data is not None and each:
            return len(data) * 8 // each
    return 0


def _compressed(data: bytes) -> int:
    from pydicom.encaps import parse_basic_offsets, parse_fragments

    stream = io.BytesIO(data)
    try:
        listed = len(parse_basic_offsets(stream))
        _, fragments = parse_fragments(stream)
    except ValueError:  # damaged; the frames that the header promises were found all the same
        return 0
    begun = sum(START.match(data, place + ITEM_HEADER_BYTES) is not None for place in fragments)
    return max(listed, begun)
