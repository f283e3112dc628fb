"""Occlusion finds what a score depends on, whatever computes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.explanation.occlusion import CELLS, healthy, occlusion

View = NDArray[np.float32]


def brightness(views: Sequence[View]) -> NDArray[np.float64]:
    return np.array([view.sum() for view in views], float)


def test_the_place_that_the_score_comes_from_is_found_in_its_units() -> None:
    view = np.zeros((70, 140), np.float32)
    view[10:20, 40:60] = 1  # the cell in row 1, column 2
    cells = occlusion(brightness, view, fill=0)
    assert cells.shape == (CELLS, CELLS)
    assert np.unravel_index(cells.argmax(), cells.shape) == (1, 2)
    assert cells[1, 2] == pytest.approx(200)
    assert cells[4:].max() == 0


def test_what_hides_as_the_picture_is_no_evidence() -> None:
    view = np.full((33, 35), 0.25, np.float32)
    assert occlusion(brightness, view, fill=0.25) == pytest.approx(np.zeros((CELLS, CELLS)))


def test_hiding_what_speaks_against_is_negative() -> None:
    view = np.zeros((40, 40), np.float32)
    assert occlusion(brightness, view, fill=1).max() < 0


def test_a_crop_of_a_few_pixels_has_a_map() -> None:
    assert np.isfinite(occlusion(brightness, np.ones((3, 2), np.float32), fill=0)).all()


def test_lesions_are_hidden_by_what_healthy_lung_looks_like() -> None:
    lung = np.zeros((10, 10), bool)
    lung[2:8, 2:8] = True
    grey = np.where(lung, np.float32(0.1), np.float32(0.9))
    lesion = np.zeros((10, 10), np.float32)
    lesion[2:6, 2:8] = 1  # two thirds of the lung
    grey[lesion > 0] = 0.6
    assert healthy(grey, lung) == pytest.approx(0.1)
    assert healthy(np.dstack([grey, lung, lesion]), lung) == pytest.approx([0.1, 1, 0])
    assert healthy(grey, np.zeros_like(lung)) == pytest.approx(0.6)  # no lung in view
