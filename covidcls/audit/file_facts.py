"""What the header of a picture file tells before any pixel is decoded."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from lungseg.io.formats import HEAD_BYTES, format_of_content, format_of_name

# What stands in the last bytes of a whole file; the other formats have no mark at their end.
_ENDS = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
_PILLOW = ("PNG", "JPEG", "TIFF", "BMP")  # the formats whose headers Pillow reads here
_TAIL_BYTES = 1024  # a camera or a copy may add some bytes after the mark


@dataclass(frozen=True)
class FileFacts:
    """Facts of one file; what cannot be told is None.

    ``n_bytes``: its size, None where it cannot be opened. ``content``, ``named``: the format of the
    first bytes, and that of the extension. ``ends_whole``: False when the mark at the end of its
    format is missing. ``mode``: Pillow's colour mode. ``dpi``: as tagged, such as ``96 x 96``;
    ``n_metadata``: entries beside the picture (text, profile, density, EXIF).
    """

    extension: str
    n_bytes: int | None = None
    content: str | None = None
    named: str | None = None
    ends_whole: bool = True
    width: int | None = None
    height: int | None = None
    mode: str | None = None
    dpi: str | None = None
    n_metadata: int | None = None

    @property
    def aspect(self) -> float | None:
        """Width by height."""
        return self.width / self.height if self.width and self.height else None

    @property
    def bytes_per_pixel(self) -> float | None:
        """How well it is compressed."""
        if self.n_bytes is None or not self.width or not self.height:
            return None
        return self.n_bytes / (self.width * self.height)

    @property
    def right_extension(self) -> bool:
        """The extensions of the format that the content has."""
        return self.content is None or self.named is None or self.content == self.named


def file_facts(path: Path) -> FileFacts:
    """The facts of ``path``; never raises for a damaged or missing file."""
    extension = path.suffix.lower()
    named = format_of_name(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            n_bytes = file.seek(0, 2)
            file.seek(max(0, n_bytes - _TAIL_BYTES))
            tail = file.read()
    except OSError:
        return FileFacts(extension, named=named.name if named else None)
    content = format_of_content(head)
    facts = FileFacts(
        extension,
        n_bytes,
        content.name if content else None,
        named.name if named else None,
        ends_whole=n_bytes > 0 and _ENDS.get(content.name if content else "", b"") in tail,
    )
    if content is None or content.name not in _PILLOW:
        return facts
    return _with_header(path, facts, content.name)


def _with_header(path: Path, facts: FileFacts, content: str) -> FileFacts:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a huge picture is no reason to warn: nothing decodes
            with Image.open(path, formats=[content]) as picture:
                width, height = picture.size
                mode, info = picture.mode, dict(picture.info)
    # decoders raise a dozen kinds on damaged bytes; reading says why
    except Exception:
        return facts
    dpi = _dpi(info.get("dpi"))
    return replace(facts, width=width, height=height, mode=mode, dpi=dpi, n_metadata=len(info))


def _dpi(tag: object) -> str | None:
    if not isinstance(tag, tuple) or len(tag) != 2:
        return None
    return " x ".join(f"{float(value):.0f}" for value in tag)
