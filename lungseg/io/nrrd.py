"""NRRD volumes: the header by pynrrd, the voxels unpacked here, because pynrrd has no bounds."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.io.volumes import Volume, volume_of
from lungseg.io.voxels import check_axes, check_bytes, unpacked

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


def read_nrrd(file: InputFile) -> Volume:
    """The volume in an NRRD file whose voxels follow its header.

    Raises UnreadableError for voxels in another file, another number of axes, a space without
    directions, more bytes than allowed, and damaged content.
    """
    import nrrd

    with file.open("rb") as stream:
        header: dict[str, Any] = nrrd.read_header(stream)
        if "data file" in header or "datafile" in header:
            raise UnreadableError(f"{file} has its voxels in another file; save both as one .nrrd")
        sizes = [int(size) for size in header["sizes"]]
        check_axes(file, sizes)
        kind = nrrd.reader._determine_datatype(header)
        wanted = check_bytes(file, sizes, kind.itemsize)
        packed = header["encoding"] in PACKED
        skipped = max(int(header.get("byteskip", header.get("byte skip", 0))), 0)
        content = unpacked(stream, wanted + skipped) if packed else stream.read()
    if packed:
        header["encoding"] = "raw"
    stored: NDArray[Any] = nrrd.read_data(header, io.BytesIO(content))
    return volume_of(file, stored, _affine(header, file))


def nrrd_affine(file: InputFile) -> NDArray[np.float64]:
    """4 x 4, from the axes of an NRRD file to mm in RAS, by its header alone."""
    import nrrd

    with file.open("rb") as stream:
        return _affine(nrrd.read_header(stream), file)


def _affine(header: dict[str, Any], file: InputFile) -> NDArray[np.float64]:
    """4 x 4, from the axes of the file to mm in RAS."""
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
