"""Pulmonary vessels and bronchi: a branching tree in space, cut by the slice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.canvas import Frame
from lungseg.phantom.patient import Patient

_GENERATIONS = 7
_STEMS = 14
_STEPS = 3
_BRONCHI = 3  # generations whose wall can be seen
_SLAB = 5.0  # mm of vessel seen in one slice


@dataclass(frozen=True, eq=False)
class Tree:
    """Straight pieces of vessel: ``start``, ``end`` N x 3 in mm (x, y, z), ``radius`` N in mm.

    ``bronchus``: N, bool, whether a bronchus that can be seen runs beside the piece.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    radius: NDArray[np.float64]
    bronchus: NDArray[np.bool_]


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


@lru_cache(maxsize=4)  # a stack of slices of one patient grows the tree once
def grow_tree(patient: Patient) -> Tree:
    """Both lungs' vessels, from the hila outwards; radii shrink by 0.78 a generation."""
    rng = np.random.default_rng(patient.seed + 1)
    size = patient.scale
    starts, ends, radii, bronchi = [], [], [], []
    for side in (-1, 1):
        hilum = np.array([side * 34 * size, -6 * size, 0.47 * patient.lung_height])
        point = hilum + rng.normal(0, [4, 9, 14], (_STEMS, 3)) * size
        spread = np.linspace(-0.9, 1.25, _STEMS)
        # The lower lobes lie at the back, and reach further from the hilum than the upper ones.
        down = np.clip(spread, 0, None)
        backwards = rng.uniform(-0.9, 0.9, _STEMS) + 0.7 * down
        outwards = side * (0.8 - 0.25 * down)
        direction = np.stack([outwards, backwards, spread * (1.5 + 0.6 * down)], axis=1)
        direction = _unit(direction + rng.normal(0, 0.15, direction.shape))
        for generation in range(_GENERATIONS):
            count = len(point)
            reach = 27 * (1 + 0.35 * np.clip(direction[:, 2], 0, None))
            length = reach * size * 0.87**generation * rng.uniform(0.6, 1.3, count) / _STEPS
            radius = 3.1 * size * 0.77**generation * rng.uniform(0.8, 1.2, count)
            for step in range(_STEPS):
                direction = _unit(direction + rng.normal(0, 0.09, direction.shape))
                following = point + direction * length[:, None]
                starts.append(point)
                ends.append(following)
                radii.append(radius * (1 - 0.07 * step))
                bronchi.append((np.arange(count) % 2 == 0) & (generation < _BRONCHI))
                point = following
            aside = rng.normal(0, 1, direction.shape)
            aside -= (aside * direction).sum(axis=1, keepdims=True) * direction
            aside = _unit(aside)
            angle = rng.uniform(0.1, 0.5, (count, 1))
            other = rng.uniform(0.3, 0.9, (count, 1))
            direction = np.concatenate(
                [
                    np.cos(angle) * direction + np.sin(angle) * aside,
                    np.cos(other) * direction - np.sin(other) * aside,
                ]
            )
            point = np.concatenate([point, point])
    return Tree(
        np.concatenate(starts),
        np.concatenate(ends),
        np.concatenate(radii),
        np.concatenate(bronchi),
    )


def draw_vessels(
    frame: Frame, patient: Patient, z: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Share of each pixel (0..255, size x size) that is vessel, and that is air of a bronchus."""
    tree = grow_tree(patient)
    level = z * patient.lung_height
    reach = _SLAB / 2 + 0.5 * tree.radius
    top = np.minimum(tree.start[:, 2], tree.end[:, 2])
    bottom = np.maximum(tree.start[:, 2], tree.end[:, 2])
    hit = np.flatnonzero((top < level + reach) & (bottom > level - reach))
    vessel = frame.blank(0, np.uint8)
    air = frame.blank(0, np.uint8)
    if hit.size == 0:
        return vessel, air
    start, end, radius = tree.start[hit], tree.end[hit], tree.radius[hit]
    rise = end[:, 2] - start[:, 2]
    steep = np.where(np.abs(rise) < 1e-6, 1e-6, rise)
    near = (level - reach[hit] - start[:, 2]) / steep
    far = (level + reach[hit] - start[:, 2]) / steep
    cuts = np.sort(np.stack([near, far]), axis=0).clip(0, 1)
    flat = (end - start)[:, :2]
    from_mm = start[:, :2] + flat * cuts[0][:, None]
    to_mm = start[:, :2] + flat * cuts[1][:, None]
    strength = 255 * np.minimum(1.0, 3.0 * radius / _SLAB)
    width = 2 * radius * frame.scale
    # A line thinner than a pixel is drawn one pixel wide and fainter.
    strength *= np.minimum(1.0, np.maximum(width, 0.35))
    a = np.round(frame.pixels(from_mm) * 16).astype(int)
    b = np.round(frame.pixels(to_mm) * 16).astype(int)
    thickness = np.maximum(1, np.round(width)).astype(int)
    for i in np.argsort(strength, kind="stable"):
        cv2.line(
            vessel, tuple(a[i].tolist()), tuple(b[i].tolist()), float(strength[i]),
            int(thickness[i]), cv2.LINE_AA, 4,
        )  # fmt: skip
    _draw_bronchi(frame, vessel, air, from_mm, to_mm, radius, tree.bronchus[hit])
    return vessel, air


def _draw_bronchi(
    frame: Frame,
    vessel: NDArray[np.uint8],
    air: NDArray[np.uint8],
    from_mm: NDArray[np.float64],
    to_mm: NDArray[np.float64],
    radius: NDArray[np.float64],
    bronchus: NDArray[np.bool_],
) -> None:
    """A bronchus is a thin wall around air, beside its artery."""
    beside = np.flatnonzero(bronchus)
    # Aside, never along the artery: it would erase it.
    along = np.concatenate([to_mm - from_mm, np.full((len(to_mm), 1), 1e-3)], axis=1)
    aside = _unit(np.stack([along[:, 1] + along[:, 2], along[:, 2] - along[:, 0]], axis=1))
    shift = 2.0 * radius[:, None] * aside
    lines = [np.stack([from_mm[i], to_mm[i]]) + shift[i] for i in beside]
    # All walls first: the air of one piece continues into the next.
    for i, line in zip(beside, lines, strict=True):
        frame.stroke(vessel, line, 1.8 * radius[i] + 1.2, 130)
    for i, line in zip(beside, lines, strict=True):
        frame.stroke(air, line, 1.8 * radius[i] - 0.4, 255)
        frame.stroke(vessel, line, 1.8 * radius[i] - 0.4, 0)
