"""Body wall and bones: skin, fat, muscle, ribs, spine, sternum, shoulder girdle, arms, table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.canvas import Frame, Points
from lungseg.phantom.contours import grown, superellipse, turned, wobble
from lungseg.phantom.patient import Patient

Picture = NDArray[np.float32]

SKIN, FAT, MUSCLE = 20.0, -103.0, 52.0
CORTEX, MARROW, CARTILAGE = 720.0, 190.0, 130.0
_RIB_STEP = 0.105  # z between neighbouring ribs
_RIB_DROP = 0.42  # z that a rib descends from the spine to its cartilage


def draw_table(frame: Frame, hu: Picture, patient: Patient, kind: float) -> None:
    """The couch below the patient: thin bright curves. ``kind`` in [0, 1) picks its shape."""
    top = max(float(patient.body(z)[:, 1].max()) for z in (0.2, 0.6, 1.0)) + 3 + 14 * kind
    across = np.linspace(-215, 215, 60)
    bend = (18 + 50 * kind) * (across / 215) ** 2
    upper = np.stack([across, top + 12 - bend + 0.4 * bend.max()], axis=1)
    depth = 22 + 45 * ((kind * 7) % 1)
    lower = np.stack([across, upper[:, 1] + depth * (1 - (np.abs(across) / 215) ** 4)], axis=1)
    if kind > 0.3:
        frame.fill(hu, np.concatenate([upper, lower[::-1]]), -960.0)
    frame.stroke(hu, lower, 2.0, -120.0 + 300 * ((kind * 13) % 1))
    frame.stroke(hu, upper, 1.6, -300.0 + 350 * ((kind * 17) % 1))


def draw_body_wall(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Skin, subcutaneous fat and the muscles outside the rib cage."""
    size = patient.scale
    body = patient.body(z)
    frame.fill(hu, body, SKIN)
    frame.fill(hu, grown(body, -2.0), FAT)
    if z < -0.02:
        thickness = patient.fat * (0.55 + 0.3 * wobble(patient.phases[2], z))
        frame.fill(hu, grown(body, -np.maximum(3.0, thickness)), MUSCLE)
        return
    cage = patient.cage(z)
    shoulder = float(np.clip(1 - z / 0.4, 0, 1))
    wall = 11 * size + 5 * size * wobble(patient.phases[3], z)
    side = np.abs(np.cos(np.arctan2(cage[:, 1], cage[:, 0])))
    wall = np.maximum(wall + 14 * size * side**2 * shoulder, 6.0)
    outer = grown(cage, wall + 8 * size)
    limit = grown(body, -3.0 - 0.35 * patient.fat)
    # Muscle never leaves the body: fill it, then restore the fat and skin outside the limit.
    muscle = frame.blank(0, np.uint8)
    frame.fill(muscle, outer, 1)
    _shoulder_muscles(frame, muscle, patient, z)
    for side_sign in (-1, 1):
        back = superellipse(
            side_sign * 27 * size, patient.spine_y(z) + 45 * size, 24 * size, 17 * size, 2.3
        )
        frame.fill(muscle, turned(back, side_sign * -12), 1)
        if z < 0.5:
            chest = superellipse(
                side_sign * 62 * size, float(cage[:, 1].min()) - 6 * size, 48 * size, 11 * size
            )
            frame.fill(muscle, turned(chest, side_sign * 14), 1)
    inside = frame.blank(0, np.uint8)
    frame.fill(inside, limit, 1)
    hu[(muscle & inside).astype(bool)] = MUSCLE
    # A thin plane of fat between the layers of muscle.
    plane = frame.blank(0, np.uint8)
    frame.stroke(plane, np.vstack([outer, outer[:1]]), 1.5, 1)
    hu[(plane & inside).astype(bool)] = -60.0


def _shoulder_muscles(frame: Frame, muscle: NDArray[np.uint8], patient: Patient, z: float) -> None:
    size = patient.scale
    fade = float(np.clip((0.62 - z) / 0.3, 0, 1))
    if fade <= 0:
        return
    half_width, _, middle = patient.cage_radii(max(z, 0.12))
    for side in (-1, 1):
        blade = superellipse(
            side * (half_width + 8 * size), middle + 48 * size, 52 * size * fade, 25 * size * fade
        )
        frame.fill(muscle, turned(blade, side * -38), 1)
        axilla = superellipse(
            side * (half_width + 28 * size), middle + 18 * size, 20 * size * fade, 34 * size * fade
        )
        frame.fill(muscle, axilla, 1)


def _bone(frame: Frame, hu: Picture, line: Points, width: float) -> None:
    frame.stroke(hu, line, width, CORTEX)
    if width > 4.5:
        frame.stroke(hu, line, width - 3.6, MARROW)


def draw_ribs(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Ribs as oblique cuts along the cage: each starts at the spine and descends to the front."""
    if z < -0.01 or z > 1.3:
        return
    size = patient.scale
    cage = grown(patient.cage(z), 6.5 * size)
    frame.fill(hu, grown(cage, 6.0 * size), MUSCLE)
    # Half of the contour, from the spine (y largest) forwards, for either side of the body.
    quarter = len(cage) // 4
    right = cage[quarter : 3 * quarter + 1]
    left = np.roll(cage[::-1], -(len(cage) - quarter - 1), axis=0)[: 2 * quarter + 1]
    for which, half in enumerate((right, left)):
        for number in range(-1, 14):
            start = (number - 1) * _RIB_STEP + patient.rib_offset + 0.012 * which
            along = (z - start) / (_RIB_DROP * (0.6 if number < 2 else 1.0))
            if not -0.02 < along < 1.05:
                continue
            length = 0.042 + 0.034 * np.sin(np.pi * np.clip(along, 0, 1))
            place = 0.09 + 0.83 * along
            low = int(np.clip((place - length) * (len(half) - 1), 0, len(half) - 2))
            high = int(np.clip((place + length) * (len(half) - 1), low + 1, len(half) - 1))
            line = half[low : high + 1]
            if along > 0.86:
                frame.stroke(hu, line, 8.0 * size, CARTILAGE)
            else:
                _bone(frame, hu, line, 7.6 * size)


def draw_sternum(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Manubrium, body and xiphoid: a flat bone in front."""
    if not 0.1 < z < 0.9:
        return
    size = patient.scale
    half_width, half_depth, middle = patient.cage_radii(z)
    width = float(np.interp(z, (0.1, 0.2, 0.32, 0.6, 0.8, 0.9), (24, 28, 17, 19, 13, 6))) * size
    y = middle - half_depth - 4.5 * size
    bone = superellipse(0.0, y, width, 6.5 * size, 3.0)
    frame.fill(hu, grown(bone, 3.0), MUSCLE)
    frame.fill(hu, bone, CORTEX * 0.8)
    frame.fill(hu, grown(bone, -1.8), 150.0)


def draw_spine(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Vertebral body, canal, transverse and spinous processes, drawn over what is there."""
    size = patient.scale
    y = patient.spine_y(z)
    body_width = float(np.interp(z, (-0.3, 0.0, 1.0, 1.3), (12, 15, 19, 22))) * size
    body_depth = 0.82 * body_width
    phase = (z + patient.rib_offset) / _RIB_STEP % 1.0
    back = y + body_depth
    canal = 8.5 * size
    for side in (-1, 1):
        if phase < 0.6:
            process = np.array(
                [[side * 8, back + 8], [side * (24 + 10 * (phase < 0.4)), back + 14]]
            )
            process[:, 0] *= size
            _bone(frame, hu, process, 8.5 * size)
    tip = 34.0 * size * (0.75 + 0.25 * np.cos(2 * np.pi * phase))
    _bone(frame, hu, np.array([[0.0, back + canal], [0.0, back + canal + tip]]), 6.0 * size)
    ring = superellipse(0.0, back + 0.75 * canal, canal * 1.55, canal * 1.35)
    frame.fill(hu, ring, CORTEX * 0.85)
    frame.fill(hu, grown(ring, -2.2), MARROW + 60)
    bone = superellipse(0.0, y, body_width, body_depth, 2.3)
    frame.fill(hu, bone, CORTEX * 0.75)
    disc = abs(phase - 0.8) < 0.12
    frame.fill(hu, grown(bone, -1.7), 90.0 if disc else MARROW - 10)
    canal_line = superellipse(0.0, back + 0.8 * canal, canal, canal * 0.85)
    frame.fill(hu, canal_line, -20.0)
    frame.fill(hu, grown(canal_line, -1.6 * size), 32.0)


def draw_shoulders(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Clavicles, scapulae and humeral heads near the apex."""
    size = patient.scale
    if -0.08 < z < 0.5:
        half_width, _, middle = patient.cage_radii(max(z, 0.12))
        shrink = float(np.clip((0.5 - z) / 0.25, 0, 1))
        for side in (-1, 1):
            reach = (half_width + 26 * size * shrink) * side
            line = np.array(
                [
                    [reach, middle + 22 * size],
                    [reach - side * 22 * size, middle + 46 * size],
                    [reach - side * 50 * size * shrink, middle + 66 * size],
                ]
            )
            _bone(frame, hu, line, (4.2 + 3.5 * shrink) * size)
            if z < 0.12:
                spur = np.array([line[0], line[0] + [side * 16 * size, 14 * size]])
                _bone(frame, hu, spur, 11 * size)
    if -0.12 < z < 0.13:
        _, half_depth, middle = patient.cage_radii(0.12)
        start = float(np.clip((0.1 - z) / 0.2, 0, 1))
        front = middle - half_depth + 4 * size
        for side in (-1, 1):
            inner = side * (20 + 70 * start) * size
            outer = side * (66 + 80 * start) * size
            line = np.array([[inner, front - 6 * size], [outer, front + 26 * start * size]])
            _bone(frame, hu, line, 11.5 * size)
    if patient.arms_down and -0.14 < z < 0.08:
        edge = float(patient.body(z)[:, 0].max())
        for side in (-1, 1):
            head = superellipse(side * (edge - 36 * size), 22 * size, 23 * size, 22 * size)
            frame.fill(hu, head, CORTEX * 0.8)
            frame.fill(hu, grown(head, -2.0), MARROW)


def draw_arms(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Upper arms beside the trunk, for a patient who could not raise them."""
    if not patient.arms_down or z < 0.06:
        return
    size = patient.scale
    edge = float(patient.body(z)[:, 0].max())
    gap = 36 + 10 * float(np.clip(z, 0, 1))
    for side in (-1, 1):
        middle = side * (edge + (gap - 30 * np.clip((0.2 - z) / 0.14, 0, 1)) * size)
        y = (20 + 20 * z) * size
        arm = superellipse(middle, y, 34 * size + 0.3 * patient.fat, 40 * size, 2.2)
        frame.fill(hu, arm, SKIN)
        frame.fill(hu, grown(arm, -2.0), FAT)
        frame.fill(hu, grown(arm, -5.0 - 0.3 * patient.fat), MUSCLE)
        bone = superellipse(middle, y, 11 * size, 11 * size)
        frame.fill(hu, bone, CORTEX * 1.3)
        frame.fill(hu, grown(bone, -4.0 * size), 20.0)
