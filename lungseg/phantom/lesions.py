"""Ground glass and consolidation: soft patches with an exact mask."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.canvas import Frame
from lungseg.phantom.patient import Patient

Picture = NDArray[np.float32]

_STEP = 4  # the field is smooth: computed on every fourth pixel
_WAVES = 36


def smooth_field(frame: Frame, seed: int, z_mm: float, wavelength: tuple[float, float]) -> Picture:
    """Smooth noise (float32, size x size, about unit variance) that varies slowly with z.

    A sum of plane waves in space with wavelengths in mm between the two given: any slice of one
    ``seed`` is a cut of the same field.
    """
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(_WAVES, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    waves = direction * (2 * np.pi / rng.uniform(*wavelength, _WAVES))[:, None]
    phase = rng.uniform(0, 2 * np.pi, _WAVES) + waves[:, 2] * z_mm
    x, y = frame.millimetres(_STEP)
    # cos(a + b) splits, because rotation leaves each wave a product of a row and a column.
    x0, y0 = x[0, 0], y[0, 0]
    across = np.exp(1j * (np.outer(waves[:, 0], x[0] - x0) + np.outer(waves[:, 1], y[0] - y0)))
    down = np.exp(1j * (np.outer(waves[:, 0], x[:, 0] - x0) + np.outer(waves[:, 1], y[:, 0] - y0)))
    first = np.exp(1j * (waves[:, 0] * x0 + waves[:, 1] * y0 + phase))
    field = ((down * first[:, None]).T @ across).real * np.sqrt(2.0 / _WAVES)
    shape = (frame.size, frame.size)
    return np.asarray(cv2.resize(field.astype(np.float32), shape, interpolation=cv2.INTER_CUBIC))


def lesion_opacity(
    frame: Frame, patient: Patient, z: float, lung: NDArray[np.bool_], burden: float
) -> tuple[Picture, Picture]:
    """How much of each pixel is ground glass and how much consolidation, both 0 to 1.

    ``burden``: share of the lung of this slice that becomes lesion (ground glass above 0.5).
    Patches prefer the periphery and the back.
    """
    nothing = frame.blank(0.0)
    inside = lung.astype(np.uint8)
    area = int(inside.sum())
    if burden <= 0 or area == 0:
        return nothing, nothing
    z_mm = z * patient.lung_height
    small = cv2.resize(inside, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
    coarse = cv2.distanceTransform(small, cv2.DIST_L2, 3) * (2 / frame.scale)
    depth = np.asarray(cv2.resize(coarse, (frame.size, frame.size)), np.float32)
    _, y = frame.millimetres()
    half_depth = patient.cage_radii(z)[1]
    field = 0.9 * smooth_field(frame, patient.seed + 2, z_mm, (45.0, 110.0))
    field += 0.35 * smooth_field(frame, patient.seed + 3, z_mm, (12.0, 30.0))
    field += 0.9 * np.exp(-depth / 14.0) + 0.5 * y / np.float32(half_depth)
    inner = field[lung]
    threshold = float(np.quantile(inner, 1 - min(burden, 0.98)))
    edge = 0.3 + 0.5 * patient.organs[2]
    glass = np.clip(0.5 + (field - threshold) / edge, 0, 1)
    share = 0.6 * patient.organs[3] ** 2
    solid_at = float(np.quantile(inner, 1 - min(burden, 0.98) * share)) if share > 0.02 else np.inf
    solid = np.clip(0.5 + (field - solid_at) / 0.25, 0, 1)
    return (glass * lung).astype(np.float32), (solid * lung).astype(np.float32)
