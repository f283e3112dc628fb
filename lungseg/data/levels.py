"""Apices, bases and slices without lung, made of labelled slices from the middle of the chest.

Sets of masks hold few of them: scans are cut to where the disease is. Part of the lungs, or all, is
closed with tissue that has the grey value and the grain of the tissue around them, so that the
window, the noise and the print of the source stay. Below the diaphragm some of it holds gas, as the
stomach and the colon do, which is as dark as lung and is none. Ours.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.data.sources import LESION, LUNG

MIN_LUNG = 0.02  # of the picture: smaller lungs are an apex or a base already


def close_lungs(
    picture: NDArray[np.uint8],
    masks: NDArray[np.uint8],
    rng: np.random.Generator,
    gas: float = 0.0,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """``picture`` (uint8 H x W) and ``masks`` (uint8 H x W x C, 0 or 1) with less lung, or none.

    In four of ten draws nothing is left, in three the cores of the lungs (an apex), in three the
    crescents around a dome (a base). Slices with hardly any lung are returned as they are. Of those
    that are no apex, the share ``gas`` gets pockets of it where lung was closed.
    """
    lung = masks[..., LUNG] > 0
    if lung.mean() < MIN_LUNG:
        return picture, masks
    kind = rng.random()
    if kind < 0.4:
        kept = np.zeros_like(lung)
    elif kind < 0.7:
        kept = _cores(lung, rng)
    else:
        kept = lung & ~_dome(lung, rng)
    closed = lung & ~kept
    filled = _filled(picture, closed, lung, rng)
    if filled is None:
        return picture, masks
    is_apex = 0.4 <= kind < 0.7
    if gas and not is_apex and rng.random() < gas:
        level = float(np.percentile(picture[lung], rng.uniform(0, 20)))
        filled = _with_gas(filled, closed, level, rng)
    fewer = masks.copy()
    fewer[..., LUNG] = kept
    if fewer.shape[-1] > LESION:
        fewer[..., LESION] &= kept.astype(np.uint8)
    return filled, fewer


def _cores(lung: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """What lies deeper than a random share of the greatest depth."""
    depth = cv2.distanceTransform(np.pad(lung, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.asarray(depth > rng.uniform(0.35, 0.8) * depth.max())


def _dome(lung: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """An ellipse over most of the lungs, as the diaphragm and what is below it rise into them."""
    rows, columns = np.nonzero(lung)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    height, width = bottom - top + 1, right - left + 1
    centre = (
        float(left + width * rng.uniform(0.3, 0.7)),
        float(top + height * rng.uniform(0.25, 0.6)),
    )
    axes = (float(width * rng.uniform(0.75, 1.1)), float(height * rng.uniform(0.6, 1.0)))
    dome = np.zeros(lung.shape, np.uint8)
    cv2.ellipse(dome, (centre, axes, float(rng.uniform(-15, 15))), 1, -1)
    return dome > 0


def _filled(
    picture: NDArray[np.uint8],
    closed: NDArray[np.bool_],
    lung: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.uint8] | None:
    """``picture`` with tissue where ``closed``, like what surrounds ``lung``; None without any."""
    size = max(3, round(0.04 * min(picture.shape)) | 1)
    near = cv2.dilate(lung.astype(np.uint8), np.ones((2 * size + 1, 2 * size + 1), np.uint8)) > 0
    edge = cv2.dilate(lung.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    around = near & ~edge
    if not around.any():
        return None
    values = picture.astype(np.float32)
    grain = values - cv2.GaussianBlur(values, (0, 0), 2)
    # of the median, because edges of ribs are no grain
    spread = 1.48 * float(np.median(np.abs(grain[around]))) * rng.uniform(0.5, 1)
    noise = cv2.GaussianBlur(
        rng.standard_normal(picture.shape, np.float32), (0, 0), float(rng.uniform(0.4, 1.0))
    )
    slow = cv2.GaussianBlur(rng.standard_normal(picture.shape, np.float32), (0, 0), float(size))
    level = float(np.percentile(values[around], rng.uniform(40, 75)))
    tissue = level + noise * (spread / max(float(noise.std()), 1e-6))
    tissue += slow * (rng.uniform(0, 10) / max(float(slow.std()), 1e-6))
    # a pixel wider, because the rim of a lung is half air
    rim = cv2.dilate(closed.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    rim[lung & ~closed] = 0
    share = np.maximum(cv2.GaussianBlur(rim, (0, 0), 0.8), closed)
    share[lung & ~closed] = np.minimum(share[lung & ~closed], 0.5)
    return np.asarray(np.clip(values + share * (tissue - values), 0, 255).round(), np.uint8)


def _with_gas(
    picture: NDArray[np.uint8], inside: NDArray[np.bool_], level: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """``picture`` with one to three pockets of gas, of grey value ``level``, well ``inside``.

    Pockets are lobed, as a colon is, keep the grain below them, and may hold crumbs of tissue.
    """
    depth = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    wall = max(2.0, 0.012 * min(picture.shape))  # of the gut, in pixels
    room = depth > 2 * wall
    rows, columns = np.nonzero(room)
    if not len(rows):
        return picture
    gas = np.zeros(picture.shape, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        pick = int(rng.integers(len(rows)))
        x, y = int(columns[pick]), int(rows[pick])
        for _ in range(int(rng.integers(1, 5))):
            radius = rng.uniform(0.02, 0.07) * min(picture.shape)
            axes = (2 * radius, 2 * radius * float(rng.uniform(0.5, 1)))
            centre = (x + float(rng.normal(0, radius)), y + float(rng.normal(0, radius)))
            cv2.ellipse(gas, (centre, axes, float(rng.uniform(0, 180))), 1, -1)
    gas[depth <= wall] = 0
    share = cv2.GaussianBlur(gas.astype(np.float32), (0, 0), float(rng.uniform(0.6, 1.5)))
    if rng.random() < 0.3:
        crumbs = cv2.GaussianBlur(
            rng.standard_normal(picture.shape, np.float32), (0, 0), float(rng.uniform(1, 3))
        )
        share *= 1 - 0.8 * (crumbs > rng.uniform(0.5, 1.5) * crumbs.std())
    values = picture.astype(np.float32)
    grain = values - cv2.GaussianBlur(values, (0, 0), 2)
    return np.asarray(np.clip(values + share * (level + grain - values), 0, 255).round(), np.uint8)
