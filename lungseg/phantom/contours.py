"""Closed contours in millimetres: the outlines that organs are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.canvas import Points

_ANGLES = np.linspace(0, 2 * np.pi, 120, endpoint=False)
_COSINE, _SINE = np.cos(_ANGLES), np.sin(_ANGLES)


def superellipse(
    x: float, y: float, half_width: float, half_height: float, exponent: float = 2.0
) -> Points:
    """Contour (120 x 2) around (``x``, ``y``); exponent 2 is an ellipse, more is squarer."""
    power = 2.0 / exponent
    across = np.sign(_COSINE) * np.abs(_COSINE) ** power
    down = np.sign(_SINE) * np.abs(_SINE) ** power
    return np.stack([x + half_width * across, y + half_height * down], axis=1)


def turned(points: Points, degrees: float) -> Points:
    """The contour turned about its own middle, clockwise as seen."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = points.mean(axis=0)
    return np.asarray((points - middle) @ turn + middle)


def scaled(points: Points, factor: float, centre: tuple[float, float]) -> Points:
    """The contour scaled about ``centre``."""
    return np.asarray((points - np.array(centre)) * factor + np.array(centre))


def grown(points: Points, distance: float | NDArray[np.float64]) -> Points:
    """The contour moved outwards by ``distance`` mm (one value, or one per point)."""
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    return np.asarray(points + normal * np.reshape(distance, (-1, 1)))


def smoothed(points: Points, reach: int) -> Points:
    """The closed contour averaged over ``reach`` neighbours on each side (rounds corners)."""
    padded = np.concatenate([points[-reach:], points, points[:reach]])
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    columns = [np.convolve(padded[:, i], kernel, mode="valid") for i in (0, 1)]
    return np.stack(columns, axis=1)


def wobble(phases: NDArray[np.float64], z: float, first: int = 2) -> NDArray[np.float64]:
    """A smooth periodic curve (120 values, about -1 to 1) that drifts slowly with ``z``.

    ``phases`` (N) are the patient's own; harmonic ``first + i`` has amplitude 1 / (1 + i).
    """
    total = np.zeros_like(_ANGLES)
    for i, phase in enumerate(phases):
        total += np.cos((first + i) * _ANGLES + phase + 2.0 * z * np.sin(3 * phase)) / (1 + i)
    return total / np.sqrt(np.sum(1.0 / (1 + np.arange(len(phases))) ** 2))
