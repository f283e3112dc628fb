"""The table of file formats; a reader for a new one is a row here."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lungseg.io.archive import InputFile
from lungseg.io.pictures import read_bmp, read_jpeg, read_png, read_tiff
from lungseg.io.scans import read_dicom, read_metaimage, read_nifti, read_nrrd, read_zip
from lungseg.io.window import LUNG_WINDOW, Window
from lungseg.slice import Slice

MAX_PIXELS = 100_000_000  # 10,000 x 10,000; decoded, that takes about 1 GB
HEAD_BYTES = 1024  # enough of a file for every pattern below, of NIfTI also when it is packed


@dataclass(frozen=True)
class Reading:
    """How to read: ``hu_offset`` (value = HU + ``hu_offset``) makes 16-bit values HU,
    ``window`` (centre, width) in HU, ``max_pixels`` per slice."""

    hu_offset: float | None = None
    window: Window = LUNG_WINDOW
    max_pixels: int = MAX_PIXELS


@dataclass(frozen=True)
class Format:
    """``extensions`` in lower case with their dot, ``magic`` matches the first bytes of a file.

    ``read`` yields the slices of a file; it may raise anything, ``read_slices`` words it.
    ``by_content``: whether the first bytes make an input of a file with another extension.
    """

    name: str
    extensions: tuple[str, ...]
    magic: re.Pattern[bytes]
    read: Callable[[InputFile, Reading], Iterator[Slice]]
    by_content: bool = True


def magic(pattern: bytes) -> re.Pattern[bytes]:
    """A pattern at the start of a file, in which a dot is any byte."""
    return re.compile(pattern, re.DOTALL)


FORMATS: tuple[Format, ...] = (
    # With its preamble, in which another format may stand, or from its first element on.
    Format(
        "DICOM",
        (".dcm", ".dicom", ".ima"),
        magic(rb".{128}DICM|[\x02\x08]\0.\0(?:UL|OB|UI|CS|DA|TM|[\x00-\x40]\0\0\0)"),
        read_dicom,
    ),
    Format("PNG", (".png",), magic(rb"\x89PNG\r\n\x1a\n"), read_png),
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), magic(rb"\xff\xd8\xff"), read_jpeg),
    # + is BigTIFF
    Format("TIFF", (".tif", ".tiff"), magic(rb"II[*+]\x00|MM\x00[*+]"), read_tiff),
    # "BM" alone starts many a text: the size of the second header belongs to the pattern
    Format(
        "BMP", (".bmp", ".dib"), magic(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"), read_bmp
    ),
    Format(
        "NIfTI",
        (".nii", ".nii.gz"),
        magic(rb".{344}n\+1\0|(?:\x1c\x02\0\0|\0\0\x02\x1c)n\+2\0"),
        read_nifti,
    ),
    Format("NRRD", (".nrrd", ".nhdr"), magic(rb"NRRD000[1-5]\r?\n"), read_nrrd),
    Format("MHA", (".mha", ".mhd"), magic(rb"(?:ObjectType|NDims) *= *\w+\r?\n"), read_metaimage),
    # office documents, arrays and weights are zips too
    Format("ZIP", (".zip",), magic(rb"PK(?:\x03\x04|\x05\x06)"), read_zip, by_content=False),
)

_LONGEST_FIRST = sorted((end for known in FORMATS for end in known.extensions), key=len)[::-1]


def format_of_content(head: bytes) -> Format | None:
    """The format whose magic the first bytes of a file match; of a packed one, NIfTI alone."""
    packed = head.startswith(b"\x1f\x8b")
    if packed:
        head = _unpacked(head)
    return next(
        (
            known
            for known in FORMATS
            if known.magic.match(head) and (not packed or known.name == "NIfTI")
        ),
        None,
    )


def format_of_name(file: InputFile) -> Format | None:
    """The format that the extension names, in any case."""
    name = file.name.lower()
    return next((known for known in FORMATS if name.endswith(known.extensions)), None)


def stem_of(name: str) -> str:
    """``name`` without the suffix of a known format, if it has one: other dots belong to it."""
    for suffix in _LONGEST_FIRST:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def is_input(name: InputFile, head: Callable[[], bytes]) -> bool:
    """Whether a file is read: by its extension, or by what its ``head`` has."""
    if format_of_name(name) is not None:
        return True
    found = format_of_content(head())
    return found is not None and found.by_content


def names_of_formats() -> str:
    """All formats for a message, such as "PNG, JPEG, TIFF or BMP"."""
    *first, last = (known.name for known in FORMATS)
    return f"{', '.join(first)} or {last}"


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""
