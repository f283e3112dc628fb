"""The readers of formats that need a package of their own, which is imported when one is read."""

from __future__ import annotations

from collections.abc import Iterator

from lungseg.io.archive import InputFile
from lungseg.io.reading import Reading
from lungseg.slice import Slice


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
