"""Where a slice lies in the patient, and how it is turned to the side that a radiologist sees."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

# Direction cosines of a row and of a column in LPS (DICOM's ImageOrientationPatient).
Directions: TypeAlias = tuple[float, float, float, float, float, float]
Plane: TypeAlias = Literal["axial", "coronal", "sagittal"]

ORIENTATION = "LPS"  # columns run to the patient's left, rows to the back, slices to the head
SAME_DIRECTION = 0.01  # of a direction cosine, about half a degree
ASKEW = 1.0  # degrees; less is how a scanner rounds
PLANES: tuple[Plane, ...] = ("sagittal", "coronal", "axial")  # by the axis that they are normal to


def normal_of(directions: Directions) -> NDArray[np.float64]:
    """Unit vector along the slices of a stack, to the left, the back or the head."""
    across = np.cross(directions[:3], directions[3:])
    normal: NDArray[np.float64] = across / np.linalg.norm(across)
    return normal if normal[np.abs(normal).argmax()] > 0 else -normal


def parallel(one: Directions | None, other: Directions | None) -> bool:
    """Whether two slices have one orientation, as far as scanners round it; None: not known."""
    if one is None or other is None:
        return one is other
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= SAME_DIRECTION


def plane_of(directions: Directions) -> Plane:
    """The plane next to that of the slice; a tilted gantry leaves a slice axial."""
    return PLANES[int(np.abs(normal_of(directions)).argmax())]


def tilt_of(directions: Directions) -> float:
    """Degrees between the slice and ``plane_of`` it, 0 to 55."""
    return float(np.degrees(np.arccos(min(np.abs(normal_of(directions)).max(), 1.0))))


def turn_of(directions: Directions) -> float:
    """Degrees by which an axial slice is turned in its plane from the axes of the patient, 0 to 45;
    quarters of a circle, which ``turned_to_lps`` takes back, do not count."""
    x, y = abs(directions[0]), abs(directions[1])
    return float(np.degrees(np.arctan2(min(x, y), max(x, y))))


def doubts_of(directions: Directions) -> tuple[str, ...]:
    """What must be known of an axial slice that does not lie as the patient does."""
    said = []
    if tilt_of(directions) > ASKEW:
        said.append(f"tilted by {tilt_of(directions):.0f} degrees")
    if turn_of(directions) > ASKEW:
        said.append(f"turned in its plane by {turn_of(directions):.0f} degrees")
    return tuple(said)


def turned_to_lps(pixels: NDArray[Any], directions: Directions) -> NDArray[Any]:
    """An axial slice, H x W, with columns to the patient's left and rows to the back; a view."""
    if is_transposed(directions):
        pixels = pixels.T
        directions = (*directions[3:], *directions[:3])
    if directions[0] < 0:
        pixels = pixels[:, ::-1]
    if directions[4] < 0:
        pixels = pixels[::-1]
    return pixels


def is_transposed(directions: Directions) -> bool:
    """Whether the rows of an axial slice run from front to back."""
    return abs(directions[1]) > abs(directions[0])
