"""Where the slices of an input lie in the patient, so that a mask of them can be laid on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.io.grouping import Input, Part
from lungseg.io.planes import ORIENTATION, Directions, normal_of, parallel, turned_to_lps
from lungseg.io.stack import SAME_PLACE, UNEVEN, stack

Affine = NDArray[np.float64]
LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


def affine_of(one: Input) -> Affine | None:
    """4 x 4, from the axes of a mask of the input to mm in RAS, as NIfTI has it.

    The axes of a volume are those of its file, of a series (column, row, slice) of its slices from
    the lowest up in LPS. None for a picture, and for a series that no affine is true of: without
    positions or pixel spacing, of several orientations, with slices missing, twice, beside each
    other or at uneven distances. Reads headers alone.
    """
    read = _READ.get(one.format)
    try:
        return read(one.parts) if read is not None else None
    except (UnreadableError, OSError):  # the file has gone or changed since its slices were read
        return None


def in_axes_of(affine: Affine, slices: NDArray[Any]) -> NDArray[Any]:
    """S x H x W in LPS, the lowest slice first, as the X x Y x Z that ``affine`` is of; a view."""
    from nibabel import orientations

    turn = orientations.ornt_transform(
        orientations.axcodes2ornt(tuple(ORIENTATION)), orientations.io_orientation(affine)
    )
    turned: NDArray[Any] = orientations.apply_orientation(slices.T, turn)
    return turned


def _of_volume(read: Callable[[InputFile], Affine]) -> Callable[[Sequence[Part]], Affine]:
    return lambda parts: read(parts[0].file)


def _of_nifti(file: InputFile) -> Affine:
    from lungseg.io.volumes import nifti_affine

    return nifti_affine(file)


def _of_nrrd(file: InputFile) -> Affine:
    from lungseg.io.nrrd import nrrd_affine

    return nrrd_affine(file)


def _of_metaimage(file: InputFile) -> Affine:
    from lungseg.io.metaimage import metaimage_affine

    return metaimage_affine(file)


def _of_series(parts: Sequence[Part]) -> Affine | None:
    from lungseg.io.dicom.header import read_header

    headers = [read_header(part.file) for part in parts]
    frames = [frame for header in headers for frame in header.frames]
    first = frames[0]
    if any(frame.place.position is None or frame.spacing != first.spacing for frame in frames):
        return None
    rows, columns = headers[0].rows, headers[0].columns
    if first.place.directions is None or first.spacing is None or min(rows, columns) < 2:
        return None
    if not all(parallel(first.place.directions, frame.place.directions) for frame in frames):
        return None
    order = stack([frame.place for frame in frames]).order
    positions = np.array([frames[index].place.position for index in order], float)
    step = _step(positions, first.place.step, first.place.directions)
    if step is None:
        return None
    in_plane = _in_plane(first.place.directions, first.spacing, (rows, columns))
    affine = np.eye(4)
    affine[:3, :2] = in_plane[:, 1:]
    affine[:3, 2] = step
    affine[:3, 3] = positions[0] + in_plane[:, 0]
    affine[:3] *= LPS_TO_RAS[:, None]
    return affine


def _step(positions: Affine, said: float | None, directions: Directions) -> Affine | None:
    """The vector from slice to slice (N x 3 positions, mm); None where there is no one vector."""
    if len(positions) == 1:
        return normal_of(directions) * (abs(said) if said else 1.0)
    step: Affine = (positions[-1] - positions[0]) / (len(positions) - 1)
    expected = positions[0] + np.arange(len(positions))[:, None] * step
    height = abs(float(step @ normal_of(directions)))  # of slices beside each other, none
    off = float(np.linalg.norm(positions - expected, axis=1).max())
    return None if height <= SAME_PLACE or off > UNEVEN * height else step


def _in_plane(
    directions: Directions, spacing: tuple[float, float], shape: tuple[int, int]
) -> Affine:
    """From the position in the header to the first pixel of the turned slice, and from there to
    the next in its row and in its column: three columns of mm in LPS."""
    row, column = (turned_to_lps(index, directions) for index in np.indices(shape))
    along_row, along_column = np.array(directions[:3]), np.array(directions[3:])

    def place(at: tuple[int, int]) -> Affine:
        moved: Affine = column[at] * spacing[1] * along_row + row[at] * spacing[0] * along_column
        return moved

    first = place((0, 0))
    return np.stack([first, place((0, 1)) - first, place((1, 0)) - first], axis=1)


_READ: dict[str, Callable[[Sequence[Part]], Affine | None]] = {
    "DICOM": _of_series,
    "NIfTI": _of_volume(_of_nifti),
    "NRRD": _of_volume(_of_nrrd),
    "MHA": _of_volume(_of_metaimage),
}
