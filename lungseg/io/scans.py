"""The readers of formats that need a package of their own, which is imported when one is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.slice import Slice

if TYPE_CHECKING:
    from lungseg.io.formats import Reading


def read_dicom(file: InputFile, reading: Reading) -> Iterator[Slice]:
    """See :func:`lungseg.io.dicom.read.read_dicom`."""
    from lungseg.io.dicom.read import read_dicom

    return read_dicom(file, reading)


def read_nifti(file: InputFile, reading: Reading) -> Iterator[Slice]:
    """The axial slices of a NIfTI volume, the lowest first."""
    from lungseg.io.volumes import read_volume

    return read_volume(file).slices(reading.window, reading.hu_offset)


def read_nrrd(file: InputFile, reading: Reading) -> Iterator[Slice]:
    """The axial slices of an NRRD volume, the lowest first."""
    from lungseg.io.nrrd import read_nrrd

    return read_nrrd(file).slices(reading.window, reading.hu_offset)


def read_metaimage(file: InputFile, reading: Reading) -> Iterator[Slice]:
    """The axial slices of a MetaImage volume, the lowest first."""
    from lungseg.io.metaimage import read_metaimage

    return read_metaimage(file).slices(reading.window, reading.hu_offset)


def read_zip(file: InputFile, reading: Reading) -> Iterator[Slice]:
    """All slices in a zip archive, input by input. Raises UnreadableError where there is none."""
    from lungseg.io.archive import members
    from lungseg.io.grouping import group_inputs
    from lungseg.io.read import read_part

    members(file)  # raises what is wrong with the archive as a whole
    parts = [part for one in group_inputs((file,)).inputs for part in one.parts]
    if not parts or parts[0].file == file:
        raise UnreadableError(f"{file} has no slice in it; pass the archive that has")
    for part in parts:
        yield from read_part(part, reading)
