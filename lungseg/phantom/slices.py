"""A slice of the synthetic chest: anatomy, lesions and scanner put together."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.abdomen import dome, draw_abdomen
from lungseg.phantom.acquisition import Acquisition, add_noise, apply_circle
from lungseg.phantom.canvas import Frame
from lungseg.phantom.contours import grown, scaled
from lungseg.phantom.lesions import lesion_opacity, smooth_field
from lungseg.phantom.mediastinum import draw_airways, draw_mediastinum, outline
from lungseg.phantom.patient import Patient, draw_patient
from lungseg.phantom.skeleton import (
    MUSCLE,
    draw_arms,
    draw_body_wall,
    draw_ribs,
    draw_shoulders,
    draw_spine,
    draw_sternum,
    draw_table,
)
from lungseg.phantom.vessels import draw_vessels

Picture = NDArray[np.float32]

_FINER = 2  # drawn on a grid this much finer, then averaged: partial volume at the edges
_VESSEL_HU = 40.0


@dataclass(frozen=True, eq=False)
class Phantom:
    """One synthetic slice, all pictures H x W.

    ``hu``: float32, Hounsfield units. ``lung``: bool, the air-filled lung with its vessels and
    lesions, without trachea, main bronchi and mediastinum. ``lesion``: bool, ground glass and
    consolidation, inside ``lung``. ``z``: 0 at the apex, 1 at the base.
    """

    hu: Picture
    lung: NDArray[np.bool_]
    lesion: NDArray[np.bool_]
    z: float


def make_phantom(
    z: float,
    *,
    size: int = 512,
    seed: int,
    lesions: float = 0.0,
    acquisition: Acquisition | None = None,
) -> Phantom:
    """A slice (``size`` x ``size``) of the patient ``seed`` at ``z``: 0 apex, 1 base.

    Below 0 are the shoulders and the neck, above 1 the upper abdomen: neither has lung.
    ``lesions``: share of the lung in this slice that is ground glass or consolidation, 0 to 1.
    Raises ValueError for a ``z`` outside [-0.3, 1.3], ``lesions`` outside [0, 1] or a ``size``
    below 32.
    """
    if not -0.3 <= z <= 1.3:
        raise ValueError(f"z is {z}, must be between -0.3 (neck) and 1.3 (upper abdomen)")
    if not 0 <= lesions <= 1:
        raise ValueError(f"lesions is {lesions}, must be a share between 0 and 1")
    if size < 32:
        raise ValueError(f"size is {size} pixels, must be at least 32")
    patient = draw_patient(seed)
    return scan(patient, z, size, lesions, acquisition or Acquisition())


def scan(
    patient: Patient, z: float, size: int, lesions: float, acquisition: Acquisition
) -> Phantom:
    """The slice of ``patient`` at ``z`` as the scanner settings show it; see make_phantom."""
    frame = _frame(patient, size, acquisition)
    hu, lung, lesion = _draw(frame, patient, z, lesions, acquisition)
    small = np.asarray(cv2.resize(hu, (size, size), interpolation=cv2.INTER_AREA), np.float32)
    rng = np.random.default_rng([patient.seed, round((z + 1) * 1e6)])
    noisy = add_noise(small, acquisition, rng)
    if acquisition.circle:
        noisy = apply_circle(noisy)
    return Phantom(
        hu=np.clip(noisy, -1024, 3071).astype(np.float32),
        lung=_halved(lung, size),
        lesion=_halved(lesion, size) & _halved(lung, size),
        z=z,
    )


def _halved(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    share = cv2.resize(mask.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(share >= 0.5)


def _frame(patient: Patient, size: int, acquisition: Acquisition) -> Frame:
    # The widest of the chest, not of this slice: one stack of slices has one field of view.
    body = patient.body(0.5)
    width = float(np.ptp(body[:, 0]))
    view = max(width, 1.15 * float(np.ptp(body[:, 1]))) / acquisition.zoom
    middle = float(body[:, 1].max() + body[:, 1].min()) / 2
    shift = acquisition.shift
    centre = (-shift[0] * view, middle - shift[1] * view)
    return Frame(size * _FINER, view, centre, acquisition.rotation)


def _draw(
    frame: Frame, patient: Patient, z: float, lesions: float, acquisition: Acquisition
) -> tuple[Picture, NDArray[np.bool_], NDArray[np.bool_]]:
    hu = frame.blank(-1000.0)
    if acquisition.table is not None:
        draw_table(frame, hu, patient, acquisition.table)
    draw_arms(frame, hu, patient, z)
    draw_body_wall(frame, hu, patient, z)
    _draw_fat_planes(frame, hu, patient, z)
    _draw_under_skin(frame, hu, patient, z)
    draw_ribs(frame, hu, patient, z)
    draw_sternum(frame, hu, patient, z)
    _draw_inside(frame, hu, patient, z)
    lung = _lung_area(frame, patient, z)
    lesion = np.zeros_like(lung)
    bones = frame.blank(-3000.0)
    draw_spine(frame, bones, patient, z)
    spine = bones > -3000
    if lung.any():
        lesion = _draw_lung(frame, hu, patient, z, lung, lesions)
    np.copyto(hu, bones, where=spine)
    airways = draw_airways(frame, hu, patient, z)
    lung = lung & ~airways & ~spine
    return hu, lung, lesion & lung


def _draw_under_skin(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    under = frame.blank(0, np.uint8)
    frame.fill(under, grown(patient.body(z), -5.0), 1)
    bones = hu.copy()
    draw_shoulders(frame, bones, patient, z)
    np.copyto(hu, bones, where=under.astype(bool))


def _draw_fat_planes(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    """Uneven muscle, with strands of fat between its bellies."""
    field = smooth_field(frame, patient.seed + 6, z * patient.lung_height, (14.0, 40.0))
    muscle = hu == MUSCLE
    strand = np.clip(1 - np.abs(field - 0.3) / (0.03 + 0.15 * min(1.0, patient.fat / 30)), 0, 1)
    shade = MUSCLE + 6 * field - 90 * strand
    np.copyto(hu, shade.astype(np.float32), where=muscle)


def _draw_inside(frame: Frame, hu: Picture, patient: Patient, z: float) -> None:
    if z < 0:
        draw_mediastinum(frame, hu, patient, z)
        return
    cavity = frame.blank(0, np.uint8)
    frame.fill(cavity, patient.cage(z), 1)
    inside = hu.copy()
    if z < 1.0:
        draw_mediastinum(frame, inside, patient, z)
    draw_abdomen(frame, inside, patient, z)
    np.copyto(hu, inside, where=cavity.astype(bool))


def _lung_area(frame: Frame, patient: Patient, z: float) -> NDArray[np.bool_]:
    area = frame.blank(0, np.uint8)
    if not 0 < z < 1:
        return area.astype(bool)
    frame.fill(area, patient.cage(z), 1)
    frame.fill(area, outline(patient, z), 0)
    for side in (-1, 1):
        diaphragm = dome(patient, z, side)
        if diaphragm is not None:
            frame.fill(area, diaphragm, 0)
    return area.astype(bool)


def _draw_lung(
    frame: Frame, hu: Picture, patient: Patient, z: float, lung: NDArray[np.bool_], lesions: float
) -> NDArray[np.bool_]:
    """Aerated lung with vessels, bronchi and lesions into ``hu``; returns the lesion area."""
    half_depth = patient.cage_radii(z)[1]
    _, y = frame.millimetres()
    texture = smooth_field(frame, patient.seed + 4, z * patient.lung_height, (9.0, 26.0))
    base = patient.lung_hu + 28 * y / np.float32(half_depth) + 12 * texture
    glass, solid = lesion_opacity(frame, patient, z, lung, lesions)
    lesion = glass > 0.5
    if lesions > 0:
        opaque = -680.0 + 260.0 * patient.organs[4] + 45 * texture
        base += glass * np.maximum(opaque - base, 60)
        base += solid * (5 + 25 * texture - base)
    vessel, air = draw_vessels(frame, patient, z)
    # Vessels thin out before the pleura.
    rim = frame.blank(0, np.uint8)
    _, half_height, middle = patient.cage_radii(z)
    frame.fill(rim, scaled(patient.cage(z), 0.93, (0.0, middle)), 255)
    rim = cv2.blur(rim, (2 * round(4 * frame.scale) + 1,) * 2)
    base += 90 * _fissures(frame, patient, z)
    share = vessel.astype(np.float32) * rim * np.float32(1 / 255**2)
    base += share * np.maximum(_VESSEL_HU + 0.5 * patient.contrast - base, 0)
    bronchus = air.astype(np.float32) * np.float32(1 / 255)
    base += bronchus * (-960 - base)
    np.copyto(hu, base.astype(np.float32), where=lung)
    return lesion & lung


def _fissures(frame: Frame, patient: Patient, z: float) -> Picture:
    """The oblique fissures as thin lines (0 to 1): at the back above, at the front below."""
    layer = frame.blank(0.0)
    half_width, half_depth, middle = patient.cage_radii(z)
    descent = (z - 0.2) / 0.6
    if 0 < descent < 1:
        bow = np.linspace(0, 1, 24)
        for side in (-1, 1):
            level = middle + half_depth * (0.75 - 1.35 * descent + 0.06 * side)
            sag = 0.18 * half_depth * np.sin(np.pi * bow + patient.phases[5, 0] / 6)
            x = side * half_width * (0.2 + 0.9 * bow)
            frame.stroke(layer, np.stack([x, level + sag], axis=1), 0.8, 1.0)
    return layer
