"""NRRD volumes: the header by pynrrd, the voxels unpacked here, because pynrrd has no bounds."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.io.detached import SEVERAL, voxels_of
from lungseg.io.volumes import UNSIZED, Volume, volume_of
from lungseg.io.voxels import MAX_VOLUME_BYTES, check_axes, check_bytes, check_whole, unpacked

# What turns the three usual spaces of NRRD into RAS, that of NIfTI.
TO_RAS = {
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
}
PACKED = ("gzip", "gz", "bzip2", "bz2")
DATA_NAMES = ("data file", "datafile")  # two names of one thing
MAX_HEADER_LINES = 10_000  # a scanner's, and segmentations', have some hundred
MAX_LINE = 1_000_000  # bytes
SKIPS = ("lineskip", "line skip", "byteskip", "byte skip")
MAX_DIGITS = 32  # a byte of a voxel, when it is written as text with the space after it


def read_nrrd(file: InputFile) -> Volume:
    """The volume in an NRRD file whose voxels follow its header, or lie in a file beside it.

    Raises UnreadableError for voxels in several files, in a file that is missing, short or in
    another folder, another number of axes, a space without directions, more bytes than allowed;
    ValueError and what pynrrd raises for damaged content.
    """
    import nrrd

    with file.open("rb") as stream:
        header = _header(stream)
        sizes = [int(size) for size in header["sizes"]]
        check_axes(file, sizes)
        kind = nrrd.reader._determine_datatype(header)
        wanted = check_bytes(file, sizes, kind.itemsize)
        with voxels_of(file, stream, _data_name(header)) as voxels:
            stored = _stored(voxels, header, wanted)
    sized = "space directions" in header or "spacings" in header
    return volume_of(file, stored, _affine(header, file), messages=() if sized else (UNSIZED,))


def nrrd_affine(file: InputFile) -> NDArray[np.float64]:
    """4 x 4, from the axes of an NRRD file to mm in RAS, by its header alone."""
    with file.open("rb") as stream:
        return _affine(_header(stream), file)


def nrrd_data_name(stream: BinaryIO) -> str | None:
    """What a header calls the file of its voxels; None where they follow it."""
    return _data_name(_header(stream))


def _header(stream: BinaryIO) -> dict[str, Any]:
    """The header; ``stream`` is left where the voxels begin, if they follow it."""
    import nrrd

    header: dict[str, Any] = nrrd.read_header(list(_lines(stream)))
    return header


def _lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of the header, without the list of files that may follow it, which pynrrd takes
    for damage."""
    for _ in range(MAX_HEADER_LINES):
        line = stream.readline(MAX_LINE).decode("utf-8", "replace")
        yield line
        name, _, value = line.partition(":")
        if not line.strip() or (name in DATA_NAMES and SEVERAL.match(value.strip())):
            break


def _data_name(header: dict[str, Any]) -> str | None:
    return next((str(header[name]) for name in DATA_NAMES if name in header), None)


def _stored(stream: BinaryIO, header: dict[str, Any], wanted: int) -> NDArray[Any]:
    """The voxels from where ``stream`` stands; no more is read than they take.

    Raises ValueError where there are fewer, and what the decompressors and pynrrd raise.
    """
    import nrrd

    skipped = _skipped(header, "byte", lowest=-1)  # -1: the voxels are the end of the file
    for _ in range(_skipped(header, "line", lowest=0)):
        if not stream.readline(MAX_LINE):
            break
    if header["encoding"] in PACKED:
        content = unpacked(stream, wanted + max(skipped, 0))[max(skipped, 0) :]
        check_whole(content, wanted)
        header = {**header, "encoding": "raw"}
    elif header["encoding"] == "raw":
        start = stream.tell()
        end = stream.seek(0, os.SEEK_END)
        stream.seek(start + skipped if skipped >= 0 else max(start, end - wanted))
        content = stream.read(wanted)
        check_whole(content, wanted)
    else:
        content = stream.read(wanted * MAX_DIGITS)
    plain = {name: value for name, value in header.items() if name not in (*DATA_NAMES, *SKIPS)}
    stored: NDArray[Any] = nrrd.read_data(plain, io.BytesIO(content))
    return stored


def _skipped(header: dict[str, Any], unit: str, lowest: int) -> int:
    """How many lines or bytes lie before the voxels. Raises ValueError for what cannot be."""
    count = int(header.get(f"{unit}skip", header.get(f"{unit} skip", 0)))
    if not lowest <= count <= MAX_VOLUME_BYTES:
        raise ValueError(f"{count} {unit}s to skip, expected {lowest} to {MAX_VOLUME_BYTES:,}")
    return count


def _affine(header: dict[str, Any], file: InputFile) -> NDArray[np.float64]:
    """4 x 4, from the axes of the file to mm in RAS."""
    if len(header["sizes"]) == 2:
        return _of_slice(header)
    space = str(header.get("space", "")).lower()
    directions = header.get("space directions")
    whole = directions is not None and np.shape(directions) == (3, 3)
    if space not in TO_RAS or not whole:
        found = f"the space {space!r}" if space else "no space by name"
        raise UnreadableError(
            f"{file} has {found}{'' if whole else ' and no three directions'}, expected one of "
            "left-posterior-superior, right-anterior-superior and left-anterior-superior with "
            "three directions; export it again"
        )
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(directions, float).T  # a row of the header is an axis of the file
    affine[:3, 3] = header.get("space origin", (0.0, 0.0, 0.0))
    affine[:3] *= np.array(TO_RAS[space])[:, None]
    return affine


def _of_slice(header: dict[str, Any]) -> NDArray[np.float64]:
    """The affine of a single slice, for which NRRD has no space by name: taken for LPS, as ITK
    does."""
    directions = header.get("space directions")
    if directions is None:
        directions = np.diag(header.get("spacings", (1.0, 1.0)))
    affine = np.eye(4)
    affine[:2, :2] = np.asarray(directions, float).T
    affine[:3] *= np.array(TO_RAS["lps"])[:, None]
    return affine
