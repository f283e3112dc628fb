"""The table of file formats, by which a file is known; :mod:`lungseg.io.read` has their readers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from lungseg.io.archive import InputFile

HEAD_BYTES = 1024  # enough of a file for every pattern below, of NIfTI also when it is packed


@dataclass(frozen=True)
class Format:
    """``extensions`` in lower case with their dot, ``magic`` matches the first bytes of a file.

    ``by_content``: whether the first bytes make an input of a file with another extension.
    """

    name: str
    extensions: tuple[str, ...]
    magic: re.Pattern[bytes]
    by_content: bool = True


def magic(pattern: bytes) -> re.Pattern[bytes]:
    """A pattern at the start of a file, in which a dot is any byte."""
    return re.compile(pattern, re.DOTALL)


FORMATS: tuple[Format, ...] = (  # each has its row in lungseg.io.read.READERS
    # With its preamble, in which another format may stand, or from its first element on.
    Format(
        "DICOM",
        (".dcm", ".dicom", ".ima"),
        magic(rb".{128}DICM|[\x02\x08]\0.\0(?:UL|OB|UI|CS|DA|TM|[\x00-\x40]\0\0\0)"),
    ),
    Format("PNG", (".png",), magic(rb"\x89PNG\r\n\x1a\n")),
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), magic(rb"\xff\xd8\xff")),
    # + is BigTIFF
    Format("TIFF", (".tif", ".tiff"), magic(rb"II[*+]\x00|MM\x00[*+]")),
    # "BM" alone starts many a text: the size of the second header belongs to the pattern
    Format("BMP", (".bmp", ".dib"), magic(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0")),
    Format(
        "NIfTI",
        (".nii", ".nii.gz"),
        magic(rb".{344}n\+1\0|(?:\x1c\x02\0\0|\0\0\x02\x1c)n\+2\0"),
    ),
    Format("NRRD", (".nrrd", ".nhdr"), magic(rb"NRRD000[1-5]\r?\n")),
    Format(
        "MHA", (".mha", ".mhd"), magic(rb"(?:Comment *=[^\n]*\n)?(?:ObjectType|NDims) *= *\w+\r?\n")
    ),
    # office documents, arrays and weights are zips too
    Format("ZIP", (".zip",), magic(rb"PK(?:\x03\x04|\x05\x06)"), by_content=False),
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
