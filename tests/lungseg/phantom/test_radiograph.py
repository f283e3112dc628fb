"""The frontal X-ray made of a phantom."""

from __future__ import annotations

import numpy as np

from lungseg.phantom import chest_radiograph


def test_a_radiograph_shows_dark_lungs_beside_a_bright_spine() -> None:
    film = chest_radiograph(np.random.default_rng(3), 128)
    assert film.shape == (128, 128)
    assert film.dtype == np.float32
    assert film.min() >= 0
    assert film.max() <= 1
    rows = slice(38, 75)
    spine = film[rows, 60:68].mean()
    assert film[rows, 25:45].mean() < spine - 0.2
    assert film[rows, 83:103].mean() < spine - 0.2
    # The heart lies on the patient's left, the picture's right.
    assert film[78:92, 72:84].mean() > film[78:92, 40:52].mean()
