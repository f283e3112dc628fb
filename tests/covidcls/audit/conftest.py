"""Chest slices drawn once, and what others do to a figure before they print it again."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.phantom import display, make_phantom

Grey = NDArray[np.uint8]


def as_jpeg(grey: Grey) -> Grey:
    """Through JPEG of quality 60."""
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file))


def half_with_arrow(grey: Grey) -> Grey:
    """Half the scale, mirrored, a white arrow in the lung."""
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    small = np.ascontiguousarray(small[:, ::-1])
    height, width = small.shape
    tip = (round(0.3 * width), round(0.45 * height))
    tail = (tip[0] + round(0.12 * width), tip[1] + round(0.1 * height))
    cv2.arrowedLine(small, tail, tip, 255, max(1, width // 60), tipLength=0.4)
    return small


def cropped(grey: Grey) -> Grey:
    """Another few per cent off each side."""
    height, width = grey.shape
    top, bottom, left, right = (round(share * height) for share in (0.01, 0.04, 0.03, 0.0))
    return np.ascontiguousarray(grey[top : height - bottom, left : width - right])


def other_tones(grey: Grey) -> Grey:
    """Another gamma, contrast and brightness, some of it clipped."""
    tones = ((grey / 255) ** 1.4 - 0.5) * 1.15 + 0.55
    return np.asarray(np.round(np.clip(tones, 0, 1) * 255), np.uint8)


CHANGES: Mapping[str, Callable[[Grey], Grey]] = {
    "jpeg": as_jpeg,
    "half, mirrored, arrow": half_with_arrow,
    "crop": cropped,
    "tones": other_tones,
}


@pytest.fixture(scope="session")
def changes() -> Mapping[str, Callable[[Grey], Grey]]:
    """``CHANGES``: each makes a near copy of a picture."""
    return CHANGES


@pytest.fixture(scope="session")
def chests() -> list[Grey]:
    """Six phantoms: three patients, two neighbouring slices (about 8 mm) of each."""
    return [
        display(make_phantom(z, size=224, seed=seed, lesions=0.2).hu)
        for seed in (1, 2, 3)
        for z in (0.5, 0.53)
    ]
