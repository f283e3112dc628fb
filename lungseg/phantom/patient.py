"""One invented patient: everything that stays the same from apex to base."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.canvas import Points
from lungseg.phantom.contours import superellipse, wobble

# Half widths and depths in mm of an adult of scale 1, by z.
_CAGE_Z = (-0.02, 0.0, 0.04, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0, 1.25)
_CAGE_WIDTH = (40, 50, 68, 85, 104, 120, 128, 133, 133, 131, 124)
_CAGE_DEPTH = (16, 25, 42, 59, 77, 91, 98, 102, 102, 100, 92)
_CAGE_Y = (30, 27, 24, 20, 13, 6, 2, 0, -2, -4, -6)
_SPINE_Z = (-0.3, 0.0, 0.3, 0.6, 1.0, 1.3)
_SPINE_Y = (24, 36, 54, 58, 50, 42)
_BODY_Z = (-0.3, -0.2, -0.12, -0.05, 0.05, 0.15, 0.3, 0.6, 1.0, 1.3)
_BODY_WIDTH = (62, 78, 132, 168, 176, 172, 162, 155, 151, 147)
_BODY_DEPTH = (64, 70, 78, 90, 106, 116, 124, 128, 127, 118)
_BODY_Y = (6, 10, 18, 24, 24, 20, 14, 9, 6, 3)


@dataclass(frozen=True, eq=False)
class Patient:
    """Anatomy that does not change along the body.

    ``scale``: 1 is an average adult. ``width``, ``depth``: of the thorax against the average.
    ``fat``: mm under the skin. ``breast``: mm, 0 for none. ``arms_down``: arms beside the body.
    ``contrast``: HU added to blood. ``lung_hu``: mean of the aerated lung. ``dome_right``,
    ``dome_left``: z at which liver and left diaphragm appear. ``heart``: size against the average.
    ``phases``: 6 x 5 angles for the small irregularities. ``rib_offset``: of the rib pattern, z.
    ``seed``: from which vessels and lesions are grown.
    """

    scale: float
    width: float
    depth: float
    fat: float
    breast: float
    arms_down: bool
    contrast: float
    lung_hu: float
    dome_right: float
    dome_left: float
    heart: float
    squareness: float
    phases: NDArray[np.float64]
    rib_offset: float
    organs: NDArray[np.float64]
    seed: int

    @property
    def lung_height(self) -> float:
        """mm from z = 0 to z = 1."""
        return 235.0 * self.scale

    def cage(self, z: float) -> Points:
        """Inner contour of the rib cage (120 x 2, mm), which the pleura follows."""
        half_width = np.interp(z, _CAGE_Z, _CAGE_WIDTH) * self.scale * self.width
        half_depth = np.interp(z, _CAGE_Z, _CAGE_DEPTH) * self.scale * self.depth
        middle = np.interp(z, _CAGE_Z, _CAGE_Y) * self.scale
        points = superellipse(0.0, 0.0, half_width, half_depth, self.squareness)
        points *= 1 + 0.02 * wobble(self.phases[0], z)[:, None]
        # The chest is flatter in front than behind, where the lungs reach around the spine.
        flat = np.clip(-points[:, 1] / half_depth, 0, 1)
        points[:, 0] *= 1 - 0.10 * flat**2
        # Beside the spine the lungs reach back as far as the ribs curve.
        gutter = np.exp(-(((np.abs(points[:, 0]) - 0.45 * half_width) / (0.3 * half_width)) ** 2))
        points[:, 1] += np.where(points[:, 1] > 0, 0.10 * half_depth * gutter, 0)
        points[:, 1] += middle
        return points

    def cage_radii(self, z: float) -> tuple[float, float, float]:
        """Half width, half depth and middle (y) of the rib cage in mm."""
        points = self.cage(z)
        low, high = points.min(axis=0), points.max(axis=0)
        return (
            float(high[0] - low[0]) / 2,
            float(high[1] - low[1]) / 2,
            float(high[1] + low[1]) / 2,
        )

    def spine_y(self, z: float) -> float:
        """y in mm of the middle of the vertebral body."""
        return float(np.interp(z, _SPINE_Z, _SPINE_Y)) * self.scale * self.depth

    def body(self, z: float) -> Points:
        """Outline of the trunk (120 x 2, mm), skin included."""
        size = self.scale
        half_width = np.interp(z, _BODY_Z, _BODY_WIDTH) * size * self.width + self.fat * 0.8
        half_depth = np.interp(z, _BODY_Z, _BODY_DEPTH) * size * self.depth + self.fat * 0.8
        if self.arms_down:
            half_width += 35 * size * float(np.exp(-(((z + 0.02) / 0.09) ** 2)))
        middle = float(np.interp(z, _BODY_Z, _BODY_Y)) * size
        points = superellipse(
            0.0, 0.0, half_width, half_depth, 2.0 + 0.35 * min(1.0, max(0.0, z + 0.2) * 5)
        )
        points *= 1 + 0.015 * wobble(self.phases[1], z)[:, None]
        # Lying down flattens the back, and leaves a groove over the spine.
        behind = np.clip(points[:, 1] / half_depth, 0, 1)
        points[:, 1] -= 0.05 * half_depth * behind**3
        groove = np.exp(-((points[:, 0] / (16 * size)) ** 2)) * 7 * size
        points[:, 1] -= np.where(points[:, 1] > 0, groove, -0.4 * groove)
        if self.breast > 0:
            height = self.breast * np.exp(-(((z - 0.5) / 0.2) ** 2))
            place = np.abs(np.abs(points[:, 0]) - 0.55 * half_width) / (0.33 * half_width)
            points[:, 1] -= np.where(points[:, 1] < 0, height * np.exp(-(place**2)), 0)
        points[:, 1] += middle
        return points


def draw_patient(seed: int) -> Patient:
    """The patient of ``seed`` (any non-negative integer): same seed, same anatomy."""
    rng = np.random.default_rng(seed)
    female = rng.random() < 0.5
    return Patient(
        scale=float(np.clip(rng.normal(0.96 if female else 1.03, 0.05), 0.82, 1.18)),
        width=float(np.clip(rng.normal(1.0, 0.05), 0.88, 1.12)),
        depth=float(np.clip(rng.normal(1.0, 0.08), 0.82, 1.2)),
        fat=float(rng.gamma(2.5, 4.5)) + 3.0,
        breast=float(rng.uniform(8, 40)) if female else 0.0,
        arms_down=bool(rng.random() < 0.2),
        contrast=float(rng.choice([0.0, rng.uniform(60, 180), rng.uniform(150, 300)])),
        lung_hu=float(np.clip(rng.normal(-850, 28), -920, -770)),
        dome_right=float(rng.uniform(0.66, 0.78)),
        dome_left=float(rng.uniform(0.72, 0.84)),
        heart=float(np.clip(rng.normal(1.0, 0.09), 0.8, 1.3)),
        squareness=float(rng.uniform(2.15, 2.6)),
        phases=rng.uniform(0, 2 * np.pi, (6, 5)),
        rib_offset=float(rng.uniform(0, 0.11)),
        organs=rng.random(16),
        seed=seed,
    )
