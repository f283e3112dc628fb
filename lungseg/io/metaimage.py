"""MetaImage volumes (.mha, or .mhd and .raw or .zraw) as ITK writes them.

Read here: ITK is a package of 300 MB, and the one small library (metaimageio) opens whatever path a
header names, unpacks without bounds and takes no file in memory.
"""

from __future__ import annotations

import math
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.io.detached import voxels_of
from lungseg.io.volumes import UNSIZED, Volume, volume_of
from lungseg.io.voxels import check_axes, check_bytes, check_whole, unpacked

TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i8",
    "MET_ULONG": "u8",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
MOST_SIGNIFICANT_FIRST = ("binarydatabyteordermsb", "elementbyteordermsb")
DIRECTIONS = ("transformmatrix", "rotation", "orientation")  # three names of one thing
SPACINGS = ("elementspacing", "elementsize")  # without the first, MetaIO takes the second
OFFSETS = ("offset", "position", "origin")
MAX_HEADER_LINES = 200
MAX_LINE = 10_000  # bytes
LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


def read_metaimage(file: InputFile) -> Volume:
    """The volume in a MetaImage file whose voxels follow its header, or lie in a file beside it.

    Raises UnreadableError for voxels in several files, in a file that is missing, short or in
    another folder, as text or behind a second header, another number of axes or channels, more
    bytes than allowed; ValueError and KeyError for a damaged header.
    """
    with file.open("rb") as stream:
        header = _header(stream)
        if header.get("binarydata", "true").lower() == "false":
            raise UnreadableError(f"{file} has its voxels as text; save them as binary data")
        if header.get("headersize", "0") != "0":
            raise UnreadableError(
                f"{file} has a second header (HeaderSize) before its voxels; save it without"
            )
        if header.get("elementnumberofchannels", "1") != "1":
            raise UnreadableError(f"{file} has colours, expected one number a voxel; CT is grey")
        sizes = [int(size) for size in header["dimsize"].split()]
        check_axes(file, sizes)
        order = ">" if any(_true(header, key) for key in MOST_SIGNIFICANT_FIRST) else "<"
        kind = np.dtype(order + TYPES[header["elementtype"].upper()])
        wanted = check_bytes(file, sizes, kind.itemsize)
        packed = _true(header, "compresseddata")
        with voxels_of(file, stream, _data_name(header)) as voxels:
            content = _content(voxels, wanted, packed)
    stored: NDArray[Any] = np.frombuffer(content, kind).reshape(sizes[::-1]).T
    sized = any(name in header for name in SPACINGS)
    return volume_of(file, stored, _affine(header, file), messages=() if sized else (UNSIZED,))


def metaimage_affine(file: InputFile) -> NDArray[np.float64]:
    """4 x 4, from the axes of a MetaImage file to mm in RAS, by its header alone."""
    with file.open("rb") as stream:
        return _affine(_header(stream), file)


def metaimage_data_name(stream: BinaryIO) -> str | None:
    """What a header calls the file of its voxels; None where they follow it."""
    return _data_name(_header(stream))


def _data_name(header: dict[str, str]) -> str | None:
    name = header["elementdatafile"]
    return None if name.upper() == "LOCAL" else name


def _content(stream: BinaryIO, wanted: int, packed: bool) -> bytes:
    content = unpacked(stream, wanted) if packed else stream.read(wanted)
    check_whole(content, wanted)
    return content


def _header(stream: BinaryIO) -> dict[str, str]:
    """The lines up to where the voxels begin, keys in lower case."""
    header: dict[str, str] = {}
    for _ in range(MAX_HEADER_LINES):
        key, equals, value = stream.readline(MAX_LINE).decode("utf-8", "replace").partition("=")
        if not equals:
            break
        header[key.strip().lower()] = value.strip()
        if key.strip().lower() == "elementdatafile":
            break
    return header


def _true(header: dict[str, str], key: str) -> bool:
    return header.get(key, "false").lower() == "true"


def _affine(header: dict[str, str], file: InputFile) -> NDArray[np.float64]:
    """4 x 4, from the axes of the file to mm in RAS; MetaImage is in LPS."""
    matrix = next((header[name] for name in DIRECTIONS if name in header), None)
    if matrix is None:
        raise UnreadableError(
            f"{file} gives its axes no direction (TransformMatrix); export it again"
        )
    spacing = next((header[name] for name in SPACINGS if name in header), "1 1 1")
    offset = next((header[name] for name in OFFSETS if name in header), "0 0 0")
    directions = np.array(matrix.split(), float)
    axes = math.isqrt(directions.size)  # more than three, the others of length 1
    used = min(len(header["dimsize"].split()), 3)  # two of a single slice
    affine = np.eye(4)
    # a row of the matrix is an axis of the file
    affine[:used, :used] = directions.reshape(axes, axes)[:used, :used].T * _first(spacing, used)
    affine[:used, 3] = _first(offset, used)
    affine[:3] *= LPS_TO_RAS[:, None]
    return affine


def _first(numbers: str, count: int) -> NDArray[np.float64]:
    return np.array(numbers.split()[:count], float)
