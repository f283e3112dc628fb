"""Under the diaphragm: the domes that push into the lungs, and the organs below them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.canvas import Frame, Points
from lungseg.phantom.contours import grown, scaled, smoothed, superellipse, turned, wobble
from lungseg.phantom.patient import Patient
from lungseg.phantom.skeleton import FAT, MUSCLE

Picture = NDArray[np.float32]


def dome(patient: Patient, z: float, side: int) -> Points | None:
    """Outline of one half of the diaphragm at ``z``; None above it. ``side``: -1 right, 1 left.

    A dome grows from a point until, at z = 1, it fills its half of the cage; the last lung is the
    crescent behind it, as in the costophrenic recess.
    """
    top = patient.dome_right if side < 0 else patient.dome_left
    if z <= top:
        return None
    grow = float(np.sqrt(min((z - top) / (1.0 - top), 1.0))) * 0.985
    cage = patient.cage(z)
    half = cage.copy()
    half_width, half_depth, middle = patient.cage_radii(z)
    half[:, 0] = np.where(half[:, 0] * side < 0, 0.0, half[:, 0])
    half = smoothed(half, 4)
    half *= 1 + 0.02 * wobble(patient.phases[2], z)[:, None]
    full = scaled(half, grow, (side * 0.55 * half_width, middle - 0.7 * half_depth))
    # Near its top the dome is round, further down it has the shape of the chest.
    start = superellipse(
        side * 0.47 * half_width, middle - 0.18 * half_depth, 0.5 * half_width, 0.7 * half_depth
    )
    early = scaled(start, grow, (side * 0.47 * half_width, middle - 0.18 * half_depth))
    weight = float(np.clip((grow - 0.3) / 0.6, 0, 1))
    points = weight * full + (1 - weight) * early
    return grown(points, 4.0) if grow > 0.96 else points


def draw_abdomen(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Liver, spleen, stomach, kidneys, vessels and bowel with its gas, in fat."""
    size = patient.scale
    half_width, half_depth, middle = patient.cage_radii(z)
    boost = 0.3 * patient.contrast
    blood = 42 + 0.8 * patient.contrast
    if z >= 1.0:
        frame.fill(hu, grown(patient.cage(z), -2.0 - 0.15 * patient.fat), FAT)

    def put(x: float, y: float, width: float, height: float, value: float, turn: float = 0) -> None:
        organ = superellipse(
            x * half_width, middle + y * half_depth, width * half_width, height * half_depth, 2.3
        )
        frame.fill(hu, turned(organ * 1.0, turn), value)

    for side in (-1, 1):
        outline = dome(patient, z, side)
        if outline is not None and z < 1.0:
            frame.fill(hu, outline, 58 + boost if side < 0 else FAT)
    if patient.dome_right + 0.14 < z < 1.12:  # the left lobe of the liver crosses the middle
        lobe = float(np.clip((z - patient.dome_right - 0.1) / 0.15, 0, 1))
        put(-0.05, -0.46, 0.46 * lobe, 0.40 * lobe, 58 + boost, -10)
        put(0.0, 0.0, 0.15 * lobe, 0.5 * lobe, 58 + boost, 8)
    below = z - 1.0
    if z > patient.dome_left + 0.03:
        grow = float(np.clip((z - patient.dome_left) / 0.16, 0.2, 1))
        fade = float(np.clip(1.2 - below / 0.2, 0, 1))
        if fade > 0:
            put(0.62, 0.30, 0.24 * grow * fade, 0.42 * grow * fade, 50 + boost, 24)
            put(0.36, -0.28, 0.36 * grow, 0.40 * grow * (0.6 + 0.4 * fade), 34.0, -18)
            put(0.35, -0.26, 0.33 * grow, 0.36 * grow * (0.6 + 0.4 * fade), 12.0, -18)
            bubble = 0.06 + 0.3 * patient.organs[1]
            _draw_bubble(frame, hu, patient, z, grow * bubble)
    if z >= 1.0:
        shrink = float(np.clip(1.1 - below / 0.35, 0, 1))
        if shrink > 0:
            put(-0.44, -0.02, 0.50 * shrink, 0.86 * shrink, 58 + boost, 12)
    if z > patient.dome_right + 0.08:
        rng = np.random.default_rng(patient.seed + 5)
        for _ in range(7):
            x, y = rng.uniform(-0.75, -0.15), rng.uniform(-0.5, 0.5)
            length = 0.05 + 0.1 * abs(np.sin(9 * z + 6 * x))
            put(x, y, length, 0.025, 50 + 1.5 * boost, float(rng.uniform(-60, 60)))
    if z > 1.06:
        for side in (-1, 1):
            put(side * 0.48, 0.52, 0.20, 0.27, FAT, side * 15)
            put(side * 0.48, 0.52, 0.17, 0.23, 34 + 2.0 * boost, side * 15)
            put(side * 0.42, 0.50, 0.05, 0.08, FAT + 30, side * 15)
        _draw_bowel(frame, hu, patient, z)
    if z > patient.dome_right:
        y = patient.spine_y(z)
        place = (10 * size, y - 28 * size, 11 * size, 11 * size)
        if z >= 1.0:
            frame.fill(hu, superellipse(*place), blood)
            frame.fill(
                hu, superellipse(-24 * size, y - 30 * size, 13 * size, 10 * size), blood - 20
            )
            for side in (-1, 1):
                psoas = superellipse(side * 28 * size, y - 2 * size, 10 * size, 13 * size)
                frame.fill(hu, psoas, MUSCLE)


def _draw_bubble(frame: Frame, hu: Picture, patient: Patient, z: float, grow: float) -> None:
    """Gas in the stomach, in front, flat towards the fluid behind it."""
    half_width, half_depth, middle = patient.cage_radii(z)
    x, y = 0.36 * half_width, middle - 0.38 * half_depth
    gas = superellipse(x, y, 0.75 * grow * half_width, 0.66 * grow * half_depth)
    gas[:, 1] = np.minimum(gas[:, 1], y + 0.12 * half_depth * grow)
    frame.fill(hu, gas, -940.0)


def _draw_bowel(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    half_width, half_depth, middle = patient.cage_radii(z)
    rng = np.random.default_rng(patient.seed + 7)
    grow = float(np.clip((z - 1.06) / 0.06, 0, 1))
    for _ in range(22):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.8)
        x = 0.85 * reach * np.cos(angle) * half_width + 3 * np.sin(40 * z + angle)
        y = middle + (-0.3 + 0.5 * reach * np.sin(angle)) * half_depth + 3 * np.cos(31 * z + angle)
        radius = rng.uniform(7, 15) * patient.scale * grow
        gas, fill = rng.random(), rng.uniform(5, 60)
        loop = superellipse(x, y, radius * rng.uniform(0.9, 1.6), radius)
        loop = turned(loop * 1.0, rng.uniform(-60, 60))
        frame.fill(hu, loop, 45.0)
        frame.fill(hu, grown(loop, -2.2), fill)
        if gas < 0.4 and radius > 3:
            # Gas rises: a bubble with a flat level below it.
            bubble = grown(loop, -2.2)
            bubble[:, 1] = np.minimum(bubble[:, 1], y + radius * (gas * 2.2 - 0.4))
            frame.fill(hu, bubble, -930.0)
