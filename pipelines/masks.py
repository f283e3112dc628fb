"""Masks in the geometry of the input: a PNG a slice, and NIfTI of volumes and series."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lungseg.io import Input
from lungseg.io.grid import affine_of, in_axes_of
from lungseg.whole_file import remove_left, write_whole
from pipelines.overlays import file_name, overlay_name, write_picture
from pipelines.prediction import Prediction
from pipelines.results import cell

Labels = NDArray[np.uint8]
BACKGROUND, LUNG, LESION = 0, 1, 2  # a lesion lies in the lung; the rest of the lung is LUNG
# red, green, blue of each label: black, and the colours of the overlays
PALETTE = (0, 0, 0, 0, 191, 255, 255, 96, 64)


def label_map(prediction: Prediction) -> Labels:
    """H x W of BACKGROUND, LUNG and LESION; the prediction must have a mask."""
    assert prediction.mask is not None
    labels = prediction.mask.astype(np.uint8) * np.uint8(LUNG)
    if prediction.lesion is not None:
        labels[prediction.mask & prediction.lesion] = LESION
    return labels


def write_slice_mask(prediction: Prediction, folder: Path) -> None:
    """Write the label map of one slice as PNG with a palette, named as its overlay."""
    from PIL import Image

    picture = Image.fromarray(label_map(prediction))
    picture.putpalette(PALETTE)
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)
    write_picture(content.getvalue(), folder / overlay_name(prediction.path, prediction.slice))


def write_volume_mask(folder: Path, one: Input, rows: Sequence[Sequence[str]]) -> None:
    """Turn the PNG of an input's slices, of which these are all rows, into one NIfTI.

    That of the input ``CT`` is ``CT.nii.gz``, in the space of the input (see
    :func:`lungseg.io.grid.affine_of`). The PNG stay where no affine is true of the input, and where
    one of its slices is unreadable. What is done already, by a run that was cut off, is kept.
    """
    if any(cell(row, "status") == "unreadable" for row in rows):
        return
    slices = [folder / overlay_name(one.name, index) for index in range(len(rows))]
    volume = folder / file_name(one.name, "", ".nii.gz")
    if not volume.exists() and not _write_volume(one, slices, volume):
        return
    for file in slices:
        file.unlink(missing_ok=True)


def _write_volume(one: Input, slices: Sequence[Path], volume: Path) -> bool:
    """Whether there is such a volume, which then is on the disk."""
    affine = affine_of(one)
    if affine is None:
        return False
    from nibabel import Nifti1Image
    from PIL import Image, UnidentifiedImageError

    try:
        labels = [np.asarray(Image.open(file), np.uint8) for file in slices]
    except (OSError, UnidentifiedImageError):
        return False  # lost with the power of the machine
    if len({label.shape for label in labels}) > 1:
        return False
    image = Nifti1Image(in_axes_of(affine, np.stack(labels)), affine)
    image.set_sform(affine, "scanner")
    image.header.set_intent("label", name="1 lung, 2 lesion")
    image.header.set_xyzt_units("mm")
    remove_left(volume)
    # without the time in its header, so that the same masks are the same bytes
    write_whole(volume, gzip.compress(image.to_bytes(), 1, mtime=0))
    return True
