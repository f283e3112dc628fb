"""Drawing in millimetres on a pixel grid: the only file that knows where a millimetre lands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # N x 2: x to the picture's right, y downwards, mm

_SHIFT = 4  # fractional bits of OpenCV's fixed-point coordinates


@dataclass(frozen=True)
class Frame:
    """Where millimetres land: a square of ``size`` pixels that shows ``field_of_view`` mm.

    ``centre``: the point (x, y) in mm at the middle of the picture. ``rotation``: degrees,
    anticlockwise as seen.
    """

    size: int
    field_of_view: float
    centre: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0

    @property
    def scale(self) -> float:
        """Pixels per mm."""
        return self.size / self.field_of_view

    def pixels(self, points: Points) -> Points:
        """Points in mm (N x 2) as pixel coordinates (N x 2), pixel centres at integers."""
        angle = np.deg2rad(self.rotation)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = (np.asarray(points) - np.array(self.centre)) @ turn * self.scale
        return np.asarray(moved + (self.size - 1) / 2)

    def millimetres(self, step: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """x and y in mm of every ``step``-th pixel, both float32 of size/step x size/step."""
        axis = np.arange(self.size // step) * step + (step - 1) / 2 - (self.size - 1) / 2
        angle = np.deg2rad(self.rotation)
        across = (axis / self.scale).astype(np.float32)[None, :]
        down = (axis / self.scale).astype(np.float32)[:, None]
        x = across * np.float32(np.cos(angle)) + down * np.float32(-np.sin(angle))
        y = across * np.float32(np.sin(angle)) + down * np.float32(np.cos(angle))
        return x + np.float32(self.centre[0]), y + np.float32(self.centre[1])

    def blank(self, value: float, dtype: type = np.float32) -> NDArray[Any]:
        """A picture (size x size) of one value."""
        return np.full((self.size, self.size), value, dtype=dtype)

    def fill(self, image: NDArray[Any], points: Points, value: float) -> None:
        """Fill the closed polygon ``points`` (N x 2, mm) in ``image`` with ``value``, in place."""
        cv2.fillPoly(image, [self._fixed(points)], value, cv2.LINE_8, _SHIFT)

    def stroke(self, image: NDArray[Any], points: Points, width: float, value: float) -> None:
        """Draw the open line ``points`` (N x 2, mm), ``width`` mm wide, in place.

        Lines have round ends; one thinner than a pixel is drawn one pixel wide.
        """
        thickness = max(1, round(width * self.scale))
        cv2.polylines(image, [self._fixed(points)], False, value, thickness, cv2.LINE_8, _SHIFT)

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        return np.round(self.pixels(points) * (1 << _SHIFT)).astype(np.int32)
