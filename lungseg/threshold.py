"""The classic method: lungs by threshold and components, from Hounsfield units or a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

AIR_HU = -420.0
BODY_HU = -300.0
MAX_OF_FRAME = 0.1  # of the frame that a lung may touch in a tight crop; air outside touches more


def _fill(binary: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Everything that cannot be reached from the frame of the picture through zeros."""
    padded = np.pad(binary, 1)
    cv2.floodFill(padded, None, (0, 0), 2)
    return (padded[1:-1, 1:-1] != 2).astype(np.uint8)


def body_mask(hu: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The patient without table and outside air: bool H x W of HU values H x W."""
    tissue = (hu > BODY_HU).astype(np.uint8)
    opened = cv2.morphologyEx(
        tissue, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    if count == 1:
        return np.zeros(hu.shape, bool)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return _fill((labels == largest).astype(np.uint8)).astype(bool)


def threshold_lungs(hu: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Lungs by threshold: bool H x W of HU values H x W (float32).

    Air inside the body, in pieces with the texture of lung: large enough, neither as empty as
    bowel gas and trachea (median of the inner pixels below -940 HU) nor touching the frame. Vessels
    are closed in. Bowel gas with stool, emphysema under the skin and rings around the heart are its
    known failures.
    """
    body = body_mask(hu)
    inside = cv2.erode(body.astype(np.uint8), np.ones((5, 5), np.uint8))
    air = ((hu < AIR_HU) & (inside > 0)).astype(np.uint8)
    opened = cv2.morphologyEx(air, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    lungs = np.zeros(hu.shape, np.uint8)
    for label in range(1, count):
        area = stats[label, cv2.CC_STAT_AREA]
        component = labels == label
        core = cv2.erode(component.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        if area < 0.001 * hu.size or not core.any() or float(np.median(hu[core])) < -940:
            continue
        lungs |= component.astype(np.uint8)
    return _closed(lungs, body)


def threshold_display_lungs(pixels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Lungs by threshold: bool H x W of a picture of any window, float32 H x W in [0, 1].

    What Otsu's threshold (1979) calls dark, after a median filter, in pieces that are large enough
    and not the air around the patient: those lie in a corner or along the frame. Vessels are
    closed in. Nothing tells lung from bowel gas and trachea here: it is the baseline that the
    networks are compared with, not a source of masks.
    """
    grey = cv2.medianBlur((pixels * 255).round().astype(np.uint8), 5)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = (grey <= level).astype(np.uint8)
    opened = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    frame = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    outside = np.bincount(frame, minlength=len(stats)) > MAX_OF_FRAME * len(frame)
    outside[labels[[0, 0, -1, -1], [0, -1, 0, -1]]] = True
    large = stats[:, cv2.CC_STAT_AREA] >= 0.001 * grey.size
    outside[0] = large[0] = False  # tissue
    lungs = (large & ~outside)[labels].astype(np.uint8)
    return _closed(lungs, ~outside[labels])


def _closed(lungs: NDArray[np.uint8], body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """``lungs`` with their vessels closed in, inside ``body``."""
    radius = max(3, round(0.02 * min(lungs.shape)) | 1)
    closed = cv2.morphologyEx(
        lungs, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (radius, radius))
    )
    result: NDArray[np.bool_] = (closed > 0) & body
    return result
