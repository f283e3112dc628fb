"""Small whole files of a phantom in every format, for ``mutated_inputs.py``.

Written by other libraries than those that read them, where there is another.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import cv2
import gdcm
import numpy as np
import SimpleITK
from numpy.typing import NDArray

from lungseg.phantom import display, make_phantom

HEIGHTS = (0.8, 0.5, 0.2)  # of the slices of a volume
SIZE = 48  # pixels of a side
VOLUMES = ("plain.nii", "packed.nii.gz", "packed.nrrd", "packed.mha")
TAGS = {  # the modality, and what else would be another one each time: UIDs, and today
    "0008|0060": "CT",
    "0008|0018": "1.2.826.0.1.3680043.8.498.1",
    "0008|0020": "20200101",
    "0008|0030": "120000",
    "0020|000d": "1.2.826.0.1.3680043.8.498.2",
    "0020|000e": "1.2.826.0.1.3680043.8.498.3",
    "0020|0052": "1.2.826.0.1.3680043.8.498.4",
}
CHANGED = {  # by GDCM, which also reads them
    "jpeg-ls.dcm": gdcm.TransferSyntax.JPEGLSLossless,
    "rle.dcm": gdcm.TransferSyntax.RLELossless,
}


def write_whole_files(folder: Path) -> dict[str, bytes]:
    """Write one small file of each kind; the content of each by its name."""
    folder.mkdir(parents=True)
    stack = [make_phantom(z, size=SIZE, seed=3).hu[:, 4:-4] for z in HEIGHTS]
    write_pictures(folder, display(stack[1]))
    write_volumes(folder, np.stack(stack).round().astype(np.int16))
    for name, packing in (("deflated.zip", ZIP_DEFLATED), ("stored.zip", ZIP_STORED)):
        with ZipFile(folder / name, "w", packing) as archive:
            for member in ("grey.png", "plain.dcm", "packed.nrrd"):
                entry = ZipInfo(member)  # of 1980: the same bytes whenever it is written
                archive.writestr(entry, (folder / member).read_bytes(), packing)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def write_pictures(folder: Path, grey: NDArray[np.uint8]) -> None:
    """PNG, JPEG, TIFF and BMP of a grey slice of 8 bits, in several modes."""
    colours = np.dstack([grey] * 3)
    modes: dict[str, tuple[NDArray[np.integer], Sequence[int]]] = {
        "grey.png": (grey, ()),
        "deep.png": (grey.astype(np.uint16) * 257, ()),
        "alpha.png": (np.dstack([colours, np.roll(grey, 9)]), ()),
        "grey.jpg": (grey, ()),
        "progressive.jpg": (colours, (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        "grey.tif": (grey, ()),
        "grey.bmp": (grey, ()),
    }
    for name, (picture, options) in modes.items():
        if not cv2.imwrite(str(folder / name), picture, options):
            raise OSError(f"{name} could not be written")


def write_volumes(folder: Path, hu: NDArray[np.int16]) -> None:
    """DICOM, compressed and not, of one slice and of all; NIfTI, NRRD and MHA; of S x H x W."""
    volume = SimpleITK.GetImageFromArray(hu)
    for name in VOLUMES:
        SimpleITK.WriteImage(volume, str(folder / name), name != "plain.nii")
    write_dicom(folder / "frames.dcm", volume)
    one = volume[:, :, 1:2]
    write_dicom(folder / "plain.dcm", one)
    write_dicom(folder / "jpeg.dcm", one, "JPEG")
    write_dicom(folder / "jpeg2000.dcm", one, "JPEG2000")
    for name, syntax in CHANGED.items():
        change_syntax(folder / "plain.dcm", folder / name, syntax)


def write_dicom(path: Path, volume: SimpleITK.Image, compressor: str = "") -> None:
    """A CT image, or an enhanced one of several frames."""
    for tag, value in TAGS.items():
        volume.SetMetaData(tag, value)
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    writer.SetFileName(str(path))
    writer.SetUseCompression(bool(compressor))
    writer.SetCompressor(compressor)
    writer.Execute(volume)


def change_syntax(source: Path, target: Path, syntax: int) -> None:
    """The same image packed in another way."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    if not reader.Read():
        raise OSError(f"{source} could not be read")
    change.SetInput(reader.GetImage())
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    if not change.Change():
        raise OSError(f"{target} could not be packed")
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        raise OSError(f"{target} could not be written")
