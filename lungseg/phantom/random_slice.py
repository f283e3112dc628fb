"""A phantom with everything drawn at random: what networks are trained on."""

from __future__ import annotations

import numpy as np

from lungseg.phantom.acquisition import Acquisition
from lungseg.phantom.patient import draw_patient
from lungseg.phantom.slices import Phantom, scan


def random_phantom(rng: np.random.Generator, size: int = 256) -> Phantom:
    """A slice (``size`` x ``size``) of a new patient at a random level, -0.25 to 1.25.

    Half of the slices carry lesions; noise, kernel, couch, field of view, rotation and shift vary,
    and some are cropped as tightly as figures in papers are.
    """
    # Most slices of a scan show lung: two in ten lie above the apex or below the base.
    where = rng.random()
    z = float(
        rng.uniform(0, 1)
        if where < 0.8
        else rng.uniform(-0.25, 0)
        if where < 0.9
        else rng.uniform(1, 1.25)
    )
    lesions = float(rng.beta(1.0, 3.0)) if rng.random() < 0.5 else 0.0
    tight = rng.random() < 0.3
    acquisition = Acquisition(
        zoom=float(rng.uniform(1.05, 1.3) if tight else rng.uniform(0.68, 1.02)),
        rotation=float(rng.normal(0, 3)),
        shift=(float(rng.normal(0, 0.015)), float(rng.normal(0, 0.02))),
        noise=float(rng.choice([rng.uniform(2, 10), rng.uniform(8, 25), rng.uniform(20, 50)])),
        sharpness=float(rng.random()),
        table=float(rng.random()) if rng.random() < 0.8 else None,
        circle=bool(not tight and rng.random() < 0.3),
    )
    patient = draw_patient(int(rng.integers(0, 2**31)))
    return scan(patient, z, size, lesions, acquisition)
