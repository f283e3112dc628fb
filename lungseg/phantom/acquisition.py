"""What the scanner does to the patient: field of view, blur, noise, couch."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Acquisition:
    """Settings of the scan.

    ``zoom``: the patient's width against that of the picture; above 1 cuts the sides off.
    ``rotation``: degrees. ``shift``: of the patient in the picture, (x, y) as a share of its side.
    ``noise``: standard deviation in HU in soft tissue. ``sharpness``: 0 soft kernel, 1 lung kernel.
    ``table``: shape of the couch in [0, 1), None without. ``circle``: air outside the circle that
    the scanner reconstructs.
    """

    zoom: float = 0.9
    rotation: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    noise: float = 9.0
    sharpness: float = 0.4
    table: float | None = 0.5
    circle: bool = False


def add_noise(hu: Picture, acquisition: Acquisition, rng: np.random.Generator) -> Picture:
    """Blur of the kernel, then noise with the grain of a reconstruction; float32 H x W in HU."""
    sharp = acquisition.sharpness
    size = hu.shape[0]
    soft = cv2.GaussianBlur(hu, (0, 0), (0.95 - 0.45 * sharp) * max(size / 384, 0.6))
    if sharp > 0.5:
        soft = cv2.addWeighted(soft, 1.0 + 0.9 * (sharp - 0.5), cv2.GaussianBlur(soft, (0, 0), 1.6),
                               -0.9 * (sharp - 0.5), 0)  # fmt: skip
    if acquisition.noise <= 0:
        return np.asarray(soft)
    white = rng.standard_normal(hu.shape, dtype=np.float32)
    fine = cv2.GaussianBlur(white, (0, 0), 0.95 - 0.5 * sharp)
    grain = np.asarray(fine - 0.7 * cv2.GaussianBlur(fine, (0, 0), 2.6), dtype=np.float32)
    grain = grain * np.float32(acquisition.noise / max(float(grain.std()), 1e-6))
    # Less noise where the rays pass little tissue: the air around the patient.
    tissue = cv2.resize(hu, (32, 32), interpolation=cv2.INTER_AREA)
    tissue = cv2.GaussianBlur(tissue, (0, 0), 5)
    level = np.asarray(cv2.resize(np.clip((tissue + 1000) / 900, 0.25, 1.3), (size, size)))
    soft_tissue = hu > -200
    mean = float(level[soft_tissue].mean()) if soft_tissue.any() else 1.0
    return np.asarray(soft + grain * level / mean, dtype=np.float32)


def apply_circle(hu: Picture) -> Picture:
    """Padding value (-1024 HU) outside the inscribed circle."""
    size = hu.shape[0]
    axis = np.arange(size, dtype=np.float32) - (size - 1) / 2
    outside = axis[:, None] ** 2 + axis[None, :] ** 2 > (size / 2) ** 2
    return np.where(outside, np.float32(-1024), hu)
