"""NIfTI volumes to axial slices, oriented by their affine and seen through the lung window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io.values import check_finite
from lungseg.io.window import LUNG_WINDOW, Window, check_window, window_hu
from lungseg.slice import Scale, Slice, Source

VOLUME_SUFFIXES = (".nii", ".nii.gz")
ORIENTATION = "LPS"  # columns run to the patient's left, rows to the back, slices to the head
FLAT = 0.01  # volume of the box of three unit axes; 1 at right angles, 0.87 at a tilt of 30 degrees
AIR_HU = -200.0  # a volume of HU has darker voxels: lung, or the air around the patient


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume of S axial slices, the lowest first, each with the patient's right on the left of
    the picture and the front on top, as a radiologist sees it.

    ``stored``: S x H x W, a value is ``stored * slope + intercept``. ``spacing``: (slice, row,
    column) in mm. ``affine``: 4 x 4, from (column, row, slice) to mm in the space of NIfTI;
    ``file_affine``: from the axes of the file. ``messages``: what the reader had to assume.
    """

    path: Path
    stored: NDArray[Any]
    slope: float
    intercept: float
    spacing: tuple[float, float, float]
    affine: NDArray[np.float64]
    file_affine: NDArray[np.float64]
    messages: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.stored)

    def values(self, index: int) -> NDArray[np.float32]:
        """Slice ``index``, float32 H x W: HU in a CT, a class in a mask."""
        values: NDArray[np.float32] = self.stored[index].astype(np.float32)
        values *= np.float32(self.slope)
        values += np.float32(self.intercept)
        return values

    def slices(self, window: Window = LUNG_WINDOW) -> Iterator[Slice]:
        """The slices from the lowest up, made one by one, HU seen through ``window``.

        A volume without a value below ``AIR_HU`` shows no air, so it cannot be HU: it is taken as
        displayed and says so, from 0 to 255 (or 1, or its own largest value, where that fits), or
        from its own range where that begins below 0. Raises ValueError for an impossible window.
        """
        check_window(window)
        low, high = sorted(
            float(end) * self.slope + self.intercept
            for end in (self.stored.min(), self.stored.max())
        )
        scale: Scale = "hu"
        messages = self.messages
        if low >= AIR_HU:
            scale = "display"
            black = min(low, 0.0)
            white = max(high, black + 1) if black < 0 or high <= 1 else max(high, 255.0)
            window = ((black + white) / 2, white - black)
            messages += (
                f"values from {low:g} to {high:g}, without air, cannot be HU: taken as displayed, "
                f"from {black:g} to {white:g}",
            )
        for index in range(len(self)):
            yield Slice(
                window_hu(self.values(index), window),
                Source(str(self.path), index),
                scale=scale,
                spacing=self.spacing[1:],
                orientation=ORIENTATION,
                messages=messages,
            )


def read_volume(path: Path, affine: NDArray[np.float64] | None = None) -> Volume:
    """The NIfTI volume in ``path`` (.nii or .nii.gz); a fourth axis of length 1 is dropped.

    ``affine``: of the axes of the file, instead of what its header says (None). Slices are of the
    plane next to axial where the scan is oblique. Raises UnreadableError, in one
    sentence, for a file that is missing, cut off or damaged, has no voxel, another number of axes,
    colours, values that are no finite numbers, or a header that gives its axes no direction.
    """
    import nibabel

    try:
        image: Any = nibabel.load(path, mmap=False)
        stored = np.asarray(image.dataobj.get_unscaled())
        slope, intercept = float(image.dataobj.slope), float(image.dataobj.inter)
        codes = int(image.header["qform_code"]), int(image.header["sform_code"])
    # nibabel and the decoders below it raise many kinds on damaged bytes
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableError(
            f"{path} cannot be decoded as NIfTI ({said}); it is probably cut off or damaged, "
            "copy or export it again"
        ) from error
    while stored.ndim > 3 and stored.shape[-1] == 1:
        stored = stored[..., 0]
    if stored.ndim != 3 or stored.size == 0 or stored.dtype.kind not in "iuf":
        raise UnreadableError(
            f"{path} has the shape {stored.shape} of {stored.dtype}, expected a volume of three "
            "axes with numbers in it; export one volume a file"
        )
    try:
        check_finite(stored)
    except ValueError as error:
        raise UnreadableError(f"{path}: {error}") from error
    if affine is not None:
        return _oriented(path, stored, slope, intercept, affine)
    if not _has_directions(image.affine):
        raise UnreadableError(
            f"{path} has a header that gives its axes no direction, so that nobody can tell which "
            "slices are axial; export it again"
        )
    messages = ("its header names no orientation: it may be mirrored",) if not any(codes) else ()
    return _oriented(path, stored, slope, intercept, image.affine, messages)


def _has_directions(affine: NDArray[np.float64]) -> bool:
    """Whether the three axes of ``affine`` (4 x 4) span the space, however long their voxels."""
    axes = affine[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    if not np.isfinite(affine).all() or not lengths.all():
        return False
    return bool(abs(np.linalg.det(axes / lengths)) > FLAT)


def _oriented(
    path: Path,
    stored: NDArray[Any],
    slope: float,
    intercept: float,
    affine: NDArray[np.float64],
    messages: tuple[str, ...] = (),
) -> Volume:
    """X x Y x Z with its affine, turned to S x H x W in ``ORIENTATION``, without a copy."""
    from nibabel import orientations

    turn = orientations.ornt_transform(
        orientations.io_orientation(affine), orientations.axcodes2ornt(tuple(ORIENTATION))
    )
    turned = affine @ orientations.inv_ornt_aff(turn, stored.shape)
    column, row, slice_ = (float(step) for step in np.linalg.norm(turned[:3, :3], axis=0))
    return Volume(
        path,
        orientations.apply_orientation(stored, turn).T,
        slope,
        intercept,
        (slice_, row, column),
        turned,
        affine,
        messages,
    )


def voxels_apart(one: Volume, other: Volume) -> float:
    """How far apart the affines of two volumes put the same corner, in voxels of ``one``."""
    ends = [(0, length - 1) for length in reversed(one.stored.shape)]
    corners = np.array([(*corner, 1) for corner in product(*ends)], float).T
    moved = np.linalg.solve(one.affine, other.affine @ corners)
    return float(np.linalg.norm((moved - corners)[:3], axis=0).max())
