"""Planes by their directions, and slices turned to one side."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg.io.planes import normal_of, plane_of, tilt_of


@pytest.mark.parametrize(
    ("directions", "plane", "tilt"),
    [
        ((1, 0, 0, 0, 1, 0), "axial", 0),
        ((-1, 0, 0, 0, -1, 0), "axial", 0),
        ((1, 0, 0, 0, 0.8660254, -0.5), "axial", 30),
        ((1, 0, 0, 0, 0, -1), "coronal", 0),
        ((0, 1, 0, 0, 0, -1), "sagittal", 0),
        ((0, -1, 0, 0, 0, -1), "sagittal", 0),
        ((1, 0, 0, 0, 0.5, -0.8660254), "coronal", 30),
    ],
)
def test_planes_and_tilts(directions: tuple[float, ...], plane: str, tilt: float) -> None:
    assert plane_of(directions) == plane  # type: ignore[arg-type]
    assert tilt_of(directions) == pytest.approx(tilt, abs=1e-4)  # type: ignore[arg-type]


def test_the_normal_points_up_whichever_way_the_slice_lies() -> None:
    for turned in ((1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, 1, 0), (0, 1, 0, 1, 0, 0)):
        assert np.allclose(normal_of(turned), (0, 0, 1))
