"""A frontal chest X-ray of a phantom: a picture of a chest that is no CT slice."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.phantom.acquisition import Acquisition
from lungseg.phantom.patient import draw_patient
from lungseg.phantom.slices import scan

_LEVELS = 112
_COLUMNS = 128
_WATER = 0.0205  # attenuation per mm at about 70 keV
_BONE_GAIN = 1.6  # bone stops more of the softer rays of an X-ray tube than its HU say


def chest_radiograph(rng: np.random.Generator, size: int = 256) -> NDArray[np.float32]:
    """A frontal chest radiograph (``size`` x ``size``, float32 in [0, 1], bone and heart bright).

    Slices of one patient from neck to abdomen are stacked and their attenuation is summed from
    front to back (Beer-Lambert). Takes about a second.
    """
    patient = draw_patient(int(rng.integers(0, 2**31)))
    scanner = Acquisition(zoom=0.85, noise=0.0, sharpness=0.0, table=None)
    rows = []
    for z in np.linspace(-0.22, 1.22, _LEVELS):
        hu = scan(patient, float(z), _COLUMNS, 0.0, scanner).hu
        density = np.clip(1 + hu / 1000, 0, None)
        rows.append((density + _BONE_GAIN * np.clip(hu - 200, 0, None) / 1000).sum(axis=0))
    width = float(np.ptp(patient.body(0.5)[:, 0])) / scanner.zoom
    path = np.array(rows, dtype=np.float32) * np.float32(_WATER * width / _COLUMNS)
    height = round(_COLUMNS * 1.44 * patient.lung_height / width)
    film = np.asarray(cv2.resize(path, (_COLUMNS, height), interpolation=cv2.INTER_CUBIC))
    side = min(height, _COLUMNS)
    top, left = (height - side) // 2, (_COLUMNS - side) // 2
    film = film[top : top + side, left : left + side]
    film = np.asarray(cv2.resize(film, (size, size), interpolation=cv2.INTER_CUBIC))
    # Film and detector answer to the logarithm of what arrives; windowed as a reader would.
    low, high = np.quantile(film, (0.02, 0.98))
    grey = np.clip((film - low) / max(float(high - low), 1e-6), 0, 1)
    noise = cv2.GaussianBlur(rng.standard_normal((size, size), dtype=np.float32), (0, 0), 0.8)
    return np.clip(grey ** rng.uniform(0.8, 1.3) + 0.02 * noise, 0, 1).astype(np.float32)
