"""Small forests, and pictures without anything to tell classes by."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.audit.inventory import LabelledImage

Grey = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer trees, for speed: what is planted here is found by any forest."""
    monkeypatch.setattr("covidcls.audit.floors.forest._TREES", 20)


@pytest.fixture
def sixty() -> list[LabelledImage]:
    """Thirty images of each class, each its own unit."""
    return [
        LabelledImage(f"{label}/{n}.png", label) for label in ("sick", "well") for n in range(30)
    ]


@pytest.fixture
def smooth_pictures() -> Callable[[int], list[Grey]]:
    """So many random smooth pictures, 64 x 80."""

    def make(count: int) -> list[Grey]:
        rng = np.random.default_rng(0)
        coarse = rng.integers(0, 256, (count, 5, 6)).astype(np.uint8)
        return [np.asarray(cv2.resize(one, (80, 64)), np.uint8) for one in coarse]

    return make
