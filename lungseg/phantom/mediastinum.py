"""What lies between the lungs: its outline, heart, great vessels, airways and oesophagus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.canvas import Frame, Points
from lungseg.phantom.contours import grown, superellipse, turned, wobble
from lungseg.phantom.patient import Patient
from lungseg.phantom.skeleton import FAT, MUSCLE

Picture = NDArray[np.float32]

# Half widths in mm by depth (columns: y of _DEPTHS) and z (rows), of an adult of scale 1:
# the picture's left side is the patient's right.
_DEPTHS = np.array([-90, -70, -50, -30, -10, 10, 30, 50, 70, 90], dtype=float)
_LEVELS = np.array([0.0, 0.08, 0.2, 0.32, 0.43, 0.56, 0.68, 0.8, 0.92, 1.0])
_RIGHT = np.array(
    [
        [48, 48, 48, 46, 44, 40, 34, 30, 28, 40],
        [40, 40, 40, 38, 36, 30, 26, 22, 22, 36],
        [18, 24, 30, 33, 32, 27, 23, 20, 19, 30],
        [7, 12, 28, 35, 33, 24, 20, 18, 17, 21],
        [4, 10, 32, 40, 42, 36, 24, 17, 16, 20],
        [4, 14, 42, 50, 48, 36, 20, 16, 16, 20],
        [6, 30, 50, 54, 46, 28, 17, 15, 16, 20],
        [12, 40, 54, 52, 40, 22, 15, 15, 16, 20],
        [18, 40, 48, 46, 34, 20, 15, 15, 16, 20],
        [20, 40, 46, 44, 32, 20, 15, 15, 16, 20],
    ],
    dtype=float,
)
_LEFT = np.array(
    [
        [48, 48, 48, 46, 44, 40, 34, 30, 28, 40],
        [40, 40, 40, 38, 37, 32, 26, 22, 22, 36],
        [18, 22, 30, 33, 35, 33, 27, 21, 19, 30],
        [7, 11, 25, 36, 42, 44, 42, 32, 18, 21],
        [5, 14, 38, 46, 46, 42, 39, 37, 20, 20],
        [6, 34, 62, 70, 64, 48, 36, 37, 20, 20],
        [12, 58, 86, 92, 84, 58, 36, 35, 20, 20],
        [24, 72, 96, 100, 90, 62, 32, 33, 20, 20],
        [34, 76, 94, 92, 72, 42, 28, 30, 20, 20],
        [36, 76, 90, 84, 60, 34, 28, 29, 20, 20],
    ],
    dtype=float,
)
CARINA = 0.42  # z at which the trachea divides
_BLOOD = 42.0


def _half_width(table: NDArray[np.float64], patient: Patient, z: float) -> NDArray[np.float64]:
    row = np.array([np.interp(z, _LEVELS, table[:, i]) for i in range(len(_DEPTHS))])
    growth = 1 + (patient.heart - 1) * np.clip((z - 0.4) / 0.2, 0, 1)
    front = np.clip((40 - _DEPTHS) / 60, 0, 1)
    return np.asarray(row * (1 + (growth - 1) * front))


def outline(patient: Patient, z: float) -> Points:
    """Contour of the mediastinum with the spine (N x 2, mm); the lungs are what it leaves."""
    size = patient.scale
    depth = np.linspace(-105, 105, 43)
    sides = []
    for sign, table in ((-1, _RIGHT), (1, _LEFT)):
        half = np.interp(depth, _DEPTHS, _half_width(table, patient, z))
        bend = np.interp(depth, np.linspace(-105, 105, 120), wobble(patient.phases[4 + sign], z, 3))
        for _ in range(2):
            half = np.convolve(np.pad(half, 2, mode="edge"), np.ones(5) / 5, mode="valid")
        half = half * (1 + 0.05 * bend)
        # Behind the vertebra the chest wall takes over: no lung reaches the spinous process.
        behind = depth - patient.spine_y(z) / (size * patient.depth) - 12
        half = half + 17 * np.clip(behind / 26, 0, 1)
        sides.append(np.stack([sign * half * size, depth * size * patient.depth], axis=1))
    return np.concatenate([sides[1], sides[0][::-1]])


def _blob(
    frame: Frame, hu: Picture, place: tuple[float, float, float, float], turn: float, value: float
) -> None:
    frame.fill(hu, turned(superellipse(*place, 2.2), turn), value)


def draw_mediastinum(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Heart chambers, aorta, great veins, oesophagus in fat; the airways come after the lungs."""
    size = patient.scale
    deep = size * patient.depth
    blood = _BLOOD + patient.contrast
    pale = _BLOOD + 0.6 * patient.contrast
    if z > 0:
        frame.fill(hu, outline(patient, z), FAT + 18)
        back = patient.spine_y(z) + 46 * size
        frame.fill(hu, superellipse(0.0, back, 44 * size, 28 * size, 3.0), MUSCLE)

    def put(x: float, y: float, width: float, height: float, value: float, turn: float = 0) -> None:
        _blob(frame, hu, (x * size, y * deep, width * size, height * deep), turn, value)

    if z < 0.12:  # root of the neck: muscles, thyroid, vessels around the trachea
        middle = patient.spine_y(z) / deep - 28
        put(0, middle + 4, 46, 26, MUSCLE)
        for side in (-1, 1):
            put(side * 19, middle - 4, 9, 13, 95 + 0.5 * patient.contrast if z < -0.04 else MUSCLE)
            put(side * 32, middle - 6, 7, 7, blood)
            put(side * 40, middle - 14, 8, 7, pale)
            put(side * 26, middle + 16, 8, 9, FAT)
    elif z < 0.27:  # brachiocephalic vessels
        put(-20, -24, 9, 9, pale)
        put(24, -26, 9, 7, pale)
        put(-12, -10, 7, 7, blood)
        put(12, -6, 5, 5, blood)
        put(22, 8, 6, 7, blood)
        put(4, -32, 26, 6, pale, -10)
    elif z < 0.36:  # arch of the aorta, from the front right to the back left
        put(-24, -18, 9, 10, pale)
        put(15, 2, 15, 42, blood, -22)
        put(0, -42, 14, 6, MUSCLE - 20)
    else:
        aorta = 14 - 3 * (z - 0.36)
        put(24, patient.spine_y(z) / deep - 14 + 8 * (z < 0.6), aorta, aorta, blood)
    if 0.36 <= z < 0.6:
        put(-30, -22, 9, 10, pale)
        put(-10, -36, 17, 17, blood)
        if z < 0.52:
            put(18, -38, 14, 15, blood)
            put(24, -22, 22, 11, blood, 35)
        if 0.42 < z < 0.54:
            put(-16, -10, 28, 9, blood, 6)
    if z >= 0.5:
        _draw_heart(frame, hu, patient, z, blood, pale)
    if z > 0.12:
        put(3, patient.spine_y(z) / deep - 25, 7, 5, MUSCLE - 14)
    if z > 0.36:
        put(-8, patient.spine_y(z) / deep - 17, 4, 4, pale)


def _draw_heart(
    frame: Frame, hu: Picture, patient: Patient, z: float, blood: float, pale: float
) -> None:
    size, deep = patient.scale, patient.scale * patient.depth
    heart = outline(patient, z)
    rise = float(np.clip((z - 0.46) / 0.1, 0, 1))
    top, bottom = (-62 - 12 * rise) * deep, 28 * deep
    heart = heart[(heart[:, 1] > top) & (heart[:, 1] < bottom)]
    # Rounded towards the front and the back, in a thin coat of fat.
    ends = np.minimum(heart[:, 1] - top, bottom - heart[:, 1]) / (26 * deep)
    axis = float(heart[:, 0].max() + heart[:, 0].min()) / 2
    coat = 0.985 - 0.06 * patient.organs[0]
    heart[:, 0] = axis + (heart[:, 0] - axis) * np.sqrt(np.clip(ends, 0, 1)) * coat
    muscle = MUSCLE + 0.35 * patient.contrast
    frame.fill(hu, heart, muscle)
    grow = patient.heart * (1.0 - 0.9 * max(0.0, z - 0.75))
    chambers = [(14, 8, 32, 15, blood, -6)] if z < 0.7 else [(-30, 8, 13, 14, pale, 0)]
    chambers += [(-28, -24, 20, 26, pale, 8), (8, -48, 32, 17, pale, -22)]
    if z > 0.56:
        chambers += [(50, -16, 26, 17, blood, -38)]
    else:
        chambers += [(-4, -32, 15, 15, blood, 0), (30, -48, 15, 16, blood, -20)]
    for x, y, width, height, value, turn in chambers:
        place = (x * size * grow, y * deep, width * size * grow, height * deep * grow)
        _blob(frame, hu, place, turn, value)


def draw_airways(frame: Frame, hu: Picture, patient: Patient, z: float) -> NDArray[np.bool_]:
    """Trachea and main bronchi with their walls; returns their area (bool), never lung."""
    size, deep = patient.scale, patient.scale * patient.depth
    gas = frame.blank(0, np.uint8)
    if z < -0.3 or z > CARINA + 0.09:
        return gas.astype(bool)
    y = patient.spine_y(min(z, CARINA)) - (32 if z > 0 else 30) * deep
    if z < CARINA - 0.02:
        lumens = [superellipse(2 * size * np.sin(9 * z), y, 8.7 * size, 9.2 * size, 2.2)]
    else:
        spread = (z - CARINA + 0.03) / 0.12
        lumens = []
        for side in (-1, 1):
            x = side * (7 + 24 * spread) * size
            width = (9 + 4 * min(spread, 0.7)) * size
            bronchus = superellipse(
                x, y + 12 * deep * spread, width, 6.6 * size * (1.15 - 0.4 * spread)
            )
            lumens.append(turned(bronchus, side * -14))
    for lumen in lumens:
        frame.fill(hu, grown(lumen, 1.8), MUSCLE - 20)
        frame.fill(gas, grown(lumen, 1.8), 1)
    for lumen in lumens:
        frame.fill(hu, lumen, -985.0)
    return gas.astype(bool)
