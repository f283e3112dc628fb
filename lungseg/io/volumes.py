"""Volumes to axial slices, oriented by their affine and seen through the lung window; NIfTI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.io.hu import (
    AIR,
    as_displayed,
    of_padding,
    offset_to_hu,
    untold_padding,
    wrapped,
    wrong_offset,
)
from lungseg.io.planes import ORIENTATION, doubts_of
from lungseg.io.values import check_finite
from lungseg.io.voxels import check_axes, check_bytes
from lungseg.io.window import LUNG_WINDOW, Window, check_window, window_hu
from lungseg.slice import Scale, Slice, Source

VOLUME_SUFFIXES = (".nii", ".nii.gz")
FLAT = 0.01  # volume of the box of three unit axes; 1 at right angles, 0.87 at a tilt of 30 degrees
RAS_TO_LPS = np.array([[-1.0], [-1.0], [1.0]])
MM = {1: 1000.0, 3: 0.001}  # of NIfTI's units metre and micrometre; others are taken for mm
SINGLE = "a single slice without a third axis: taken for axial, of a thickness that nobody knows"
UNSIZED = "its header gives no size of a voxel: taken for 1 mm"
COARSE = 2.0  # times longer than the other side of a voxel: the slices were scanned across it


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume of S axial slices, the lowest first, each with the patient's right on the left of
    the picture and the front on top, as a radiologist sees it.

    ``stored``: S x H x W, a value is ``stored * slope + intercept``. ``spacing``: (slice, row,
    column) in mm, together the volume of a voxel. ``affine``: 4 x 4, from (column, row, slice) to
    mm in the space of NIfTI; ``file_affine``: from the axes of the file. ``messages``: what the
    reader had to assume. ``single``: the file has two axes, so that nothing tells how thick its
    slice is.
    """

    path: InputFile
    stored: NDArray[Any]
    slope: float
    intercept: float
    spacing: tuple[float, float, float]
    affine: NDArray[np.float64]
    file_affine: NDArray[np.float64]
    messages: tuple[str, ...] = ()
    single: bool = False

    def __len__(self) -> int:
        return len(self.stored)

    def values(self, index: int) -> NDArray[np.float32]:
        """Slice ``index``, float32 H x W: HU in a CT, a class in a mask."""
        values: NDArray[np.float32] = self.stored[index].astype(np.float32)
        values *= np.float32(self.slope)
        values += np.float32(self.intercept)
        return values

    @property
    def refusal(self) -> str:
        """Why its axial slices are none that were scanned: they are cut from coronal or sagittal
        ones. Empty for an axial volume."""
        _, row, column = self.spacing
        if max(row, column) <= COARSE * min(row, column):
            return ""
        plane = "coronal" if row > column else "sagittal"
        return f"a volume of {plane} slices, {max(row, column):.3g} mm apart, expected axial"

    def slices(
        self, window: Window = LUNG_WINDOW, hu_offset: float | None = None
    ) -> Iterator[Slice]:
        """The slices from the lowest up, made one by one, HU seen through ``window``.

        A volume whose values cannot be HU, such as one without air, is HU + ``hu_offset`` where
        that is given and fits; else it is taken as displayed and says so, from 0 to 255 (or 1, or
        its own largest value, where that fits), or from its own range where that begins below 0.
        Raises ValueError for an impossible window.
        """
        check_window(window)
        padding = untold_padding(self.stored, self.slope, self.intercept)
        low, high = self._range(padding)
        scale: Scale = "hu"
        messages = self.messages if padding is None else (*self.messages, of_padding(padding))
        offset, why = offset_to_hu(low, high, hu_offset)
        if why:
            scale = "display"
            window, said = as_displayed(low, high, why)
            messages += (said,)
        for index in range(len(self)):
            values = self.values(index) - np.float32(offset)
            if padding is not None:
                values[self.stored[index] == padding] = AIR if scale == "hu" else low
            doubts = wrong_offset(values) if scale == "hu" else ()
            yield Slice(
                window_hu(values, window),
                Source(str(self.path), index),
                scale=scale,
                spacing=self.spacing[1:],
                orientation=ORIENTATION,
                messages=messages + doubts,
                refusal=self.refusal,
                step=None if self.single else self.spacing[0],
            )

    def _range(self, padding: float | None) -> tuple[float, float]:
        """The smallest and the largest value, ``padding`` left out."""
        seen = True if padding is None else self.stored != padding
        most = self.stored.max()
        ends = (self.stored.min(where=seen, initial=most), most)
        low, high = sorted(float(end) * self.slope + self.intercept for end in ends)
        return low, high


def read_volume(path: InputFile, affine: NDArray[np.float64] | None = None) -> Volume:
    """The NIfTI volume in ``path`` (.nii or .nii.gz); a fourth axis of length 1 is dropped.

    ``affine``: of the axes of the file, instead of what its header says (None). Slices are of the
    plane next to axial where the scan is oblique. Raises UnreadableError, in one
    sentence, for a file that is missing, cut off or damaged, has no voxel, another number of axes,
    colours, too many voxels, values that are no finite numbers or have lost their sign, or a header
    that gives its axes no direction.
    """
    try:
        with path.open("rb") as stream:
            image = _nifti(stream, path)
            proxy = image.dataobj
            check_bytes(path, proxy.shape, proxy.dtype.itemsize)
            stored = np.asarray(proxy.get_unscaled())
        slope, intercept = float(proxy.slope), float(proxy.inter)
        messages = _doubts_of_directions(image.header)
    except UnreadableError:
        raise
    # nibabel and the decoders below it raise many kinds on damaged bytes
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableError(
            f"{path} cannot be decoded as NIfTI ({said}); it is probably cut off or damaged, "
            "copy or export it again"
        ) from error
    if affine is not None:
        return volume_of(path, stored, affine, slope, intercept)
    return volume_of(path, stored, _affine(image), slope, intercept, messages)


def nifti_affine(file: InputFile) -> NDArray[np.float64]:
    """4 x 4, from the axes of a NIfTI file to mm in RAS, by its header alone."""
    with file.open("rb") as stream:
        return _affine(_nifti(stream, file))


def _affine(image: Any) -> NDArray[np.float64]:
    """4 x 4, from the axes of a NIfTI image to mm in RAS, whatever its unit of length."""
    affine: NDArray[np.float64] = image.affine.copy()
    affine[:3] *= MM.get(int(image.header["xyzt_units"]) % 8, 1.0)
    return affine


def _doubts_of_directions(header: Any) -> tuple[str, ...]:
    """What must be known of the two ways in which a NIfTI header tells the directions."""
    from nibabel import orientations

    codes = int(header["qform_code"]), int(header["sform_code"])
    if not any(codes):
        return ("its header names no orientation: it may be mirrored",)
    if not all(codes):
        return ()
    try:
        by_qform = orientations.io_orientation(header.get_qform())
    except ValueError:  # no rotation: the sform alone says something
        return ()
    if np.array_equal(by_qform, orientations.io_orientation(header.get_sform())):
        return ()
    return ("its header tells two orientations: taken as the sform says, it may be mirrored",)


def _nifti(stream: BinaryIO, path: InputFile) -> Any:
    """The image in ``stream``, its voxels not read yet."""
    import gzip

    from nibabel import Nifti1Image, Nifti2Image

    head = stream.read(2)
    stream.seek(0)
    opened: Any = gzip.GzipFile(fileobj=stream) if head == b"\x1f\x8b" else stream
    version_2 = int.from_bytes(opened.read(4), "little") in (540, 540 << 16)
    opened.seek(0)
    return (Nifti2Image if version_2 else Nifti1Image).from_stream(opened)


def volume_of(
    path: InputFile,
    stored: NDArray[Any],
    affine: NDArray[np.float64],
    slope: float = 1.0,
    intercept: float = 0.0,
    messages: tuple[str, ...] = (),
) -> Volume:
    """A volume of ``stored`` X x Y x Z (or a slice, X x Y) and its ``affine`` in RAS, turned,
    without a copy.

    Further axes of length 1 are dropped. Raises UnreadableError for another number of axes, no
    voxel, what is no finite number, and axes without direction.
    """
    check_axes(path, stored.shape)
    single = stored.ndim == 2
    if single:
        stored, messages = stored[..., None], (*messages, SINGLE)
    while stored.ndim > 3:
        stored = stored[..., 0]
    if stored.size == 0 or stored.dtype.kind not in "iuf":
        raise UnreadableError(
            f"{path} has the shape {stored.shape} of {stored.dtype}, expected numbers; export the "
            "CT itself, in Hounsfield units"
        )
    try:
        check_finite(stored)
    except ValueError as error:
        raise UnreadableError(f"{path}: {error}") from error
    unsigned = wrapped(stored)
    if unsigned:
        raise UnreadableError(f"{path}: {unsigned}; export it again as signed numbers")
    if not np.isfinite([slope, intercept]).all():
        raise UnreadableError(f"{path} has a slope or intercept that is no number; export it again")
    if not _has_directions(affine):
        raise UnreadableError(
            f"{path} has a header that gives its axes no direction, so that nobody can tell which "
            "slices are axial; export it again"
        )
    volume = _oriented(path, stored, slope, intercept, affine, messages)
    return replace(volume, single=single)


def _has_directions(affine: NDArray[np.float64]) -> bool:
    """Whether the three axes of ``affine`` (4 x 4) span the space, however long their voxels."""
    axes = affine[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    if not np.isfinite(affine).all() or not lengths.all():
        return False
    return bool(abs(np.linalg.det(axes / lengths)) > FLAT)


def _oriented(
    path: InputFile,
    stored: NDArray[Any],
    slope: float,
    intercept: float,
    affine: NDArray[np.float64],
    messages: tuple[str, ...],
) -> Volume:
    """X x Y x Z with its affine, turned to S x H x W in ``ORIENTATION``, without a copy."""
    from nibabel import orientations

    turn = orientations.ornt_transform(
        orientations.io_orientation(affine), orientations.axcodes2ornt(tuple(ORIENTATION))
    )
    turned = affine @ orientations.inv_ornt_aff(turn, stored.shape)
    steps = np.linalg.norm(turned[:3, :3], axis=0)
    column, row = float(steps[0]), float(steps[1])
    # across the slices: of a tilted gantry the third axis is longer than what lies between them
    x, y, z = turned[:3, :3].T
    slice_ = float(abs(z @ np.cross(x, y))) / (row * column)
    across, down = (turned[:3, :2] / steps[:2] * RAS_TO_LPS).T
    return Volume(
        path,
        orientations.apply_orientation(stored, turn).T,
        slope,
        intercept,
        (slice_, row, column),
        turned,
        affine,
        (*messages, *doubts_of((*across, *down))),
    )


def voxels_apart(one: Volume, other: Volume) -> float:
    """How far apart the affines of two volumes put the same corner, in voxels of ``one``."""
    ends = [(0, length - 1) for length in reversed(one.stored.shape)]
    corners = np.array([(*corner, 1) for corner in product(*ends)], float).T
    moved = np.linalg.solve(one.affine, other.affine @ corners)
    return float(np.linalg.norm((moved - corners)[:3], axis=0).max())
