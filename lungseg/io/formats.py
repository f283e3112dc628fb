"""The table of file formats; a reader for a new one is a row here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lungseg.io.pictures import read_bmp, read_jpeg, read_png, read_tiff
from lungseg.io.window import LUNG_WINDOW, Window
from lungseg.slice import Slice

MAX_PIXELS = 100_000_000  # 10,000 x 10,000; decoded, that takes about 1 GB
HEAD_BYTES = 512  # enough of a file for every pattern below


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
    """

    name: str
    extensions: tuple[str, ...]
    magic: re.Pattern[bytes]
    read: Callable[[Path, Reading], Iterator[Slice]]


def magic(pattern: bytes) -> re.Pattern[bytes]:
    """A pattern at the start of a file, in which a dot is any byte."""
    return re.compile(pattern, re.DOTALL)


FORMATS: tuple[Format, ...] = (
    Format("PNG", (".png",), magic(rb"\x89PNG\r\n\x1a\n"), read_png),
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), magic(rb"\xff\xd8\xff"), read_jpeg),
    # + is BigTIFF
    Format("TIFF", (".tif", ".tiff"), magic(rb"II[*+]\x00|MM\x00[*+]"), read_tiff),
    # "BM" alone starts many a text: the size of the second header belongs to the pattern
    Format(
        "BMP", (".bmp", ".dib"), magic(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"), read_bmp
    ),
)


def format_of_content(head: bytes) -> Format | None:
    """The format whose magic the first bytes of a file match."""
    return next((known for known in FORMATS if known.magic.match(head)), None)


def format_of_name(path: Path) -> Format | None:
    """The format that the extension names, in any case."""
    extension = path.suffix.lower()
    return next((known for known in FORMATS if extension in known.extensions), None)


def names_of_formats() -> str:
    """All formats for a message, such as "PNG, JPEG, TIFF or BMP"."""
    *first, last = (known.name for known in FORMATS)
    return f"{', '.join(first)} or {last}"
