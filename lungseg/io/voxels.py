"""The voxels of a volume on their way from a file: how many there may be."""

from __future__ import annotations

import bz2
import math
import zlib
from collections.abc import Sequence
from typing import BinaryIO

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile

MAX_VOLUME_BYTES = 4 * 2**30  # a CT of 2,000 slices as float32
CHUNK = 2**20


def check_bytes(file: InputFile, sizes: Sequence[int], item: int) -> int:
    """The bytes of a volume of ``sizes`` with ``item`` bytes a voxel.

    Raises UnreadableError for a volume of none, or of more than ``MAX_VOLUME_BYTES``.
    """
    wanted = math.prod(int(size) for size in sizes) * item
    if min(sizes, default=0) <= 0 or wanted > MAX_VOLUME_BYTES:
        raise UnreadableError(
            f"{file} promises {' x '.join(map(str, sizes))} voxels, {wanted:,} bytes, expected "
            f"1 to {MAX_VOLUME_BYTES:,}; its header is damaged, or it is no CT"
        )
    return wanted


def check_axes(file: InputFile, sizes: Sequence[int]) -> None:
    """Raise UnreadableError unless there are two or three axes, further ones of length 1."""
    if len(sizes) < 2 or any(size != 1 for size in sizes[3:]):
        raise UnreadableError(
            f"{file} has the shape {' x '.join(map(str, sizes))}, expected a volume of three axes "
            "or a slice of two; export one a file"
        )


def check_whole(content: bytes, wanted: int) -> None:
    """Raise ValueError where there are fewer bytes than ``wanted``."""
    if len(content) < wanted:
        raise ValueError(f"{len(content):,} bytes of voxels, expected {wanted:,}")


def unpacked(stream: BinaryIO, limit: int) -> bytes:
    """At most ``limit`` bytes of what is left of a zlib, gzip or bzip2 ``stream``.

    Raises what the decompressors raise.
    """
    start = stream.read(CHUNK)
    if start.startswith(b"BZh"):
        packed = bz2.BZ2Decompressor()
        found = bytearray(packed.decompress(start, limit))
        while len(found) < limit and not packed.eof:
            more = stream.read(CHUNK) if packed.needs_input else b""
            if packed.needs_input and not more:
                break
            found += packed.decompress(more, limit - len(found))
        return bytes(found)
    plain = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: zlib or gzip, as the header says
    found = bytearray(plain.decompress(start, limit))
    while len(found) < limit and not plain.eof:
        more = plain.unconsumed_tail or stream.read(CHUNK)
        if not more:
            break
        found += plain.decompress(more, limit - len(found))
    return bytes(found)
