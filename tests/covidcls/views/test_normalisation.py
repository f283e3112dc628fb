"""Lung and soft tissue at fixed greys, whatever the window was."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.views.normalisation import (
    AERATED,
    LEAST_CONTRAST,
    LUNG,
    TISSUE,
    normalised_by_lungs,
    tissue_level,
)
from lungseg.phantom import make_phantom

HU = NDArray[np.float32]


@pytest.fixture(scope="module")
def slice_and_lungs() -> tuple[HU, NDArray[np.bool_]]:
    phantom = make_phantom(0.5, size=160, seed=3, lesions=0.3)
    return phantom.hu.astype(np.float32), phantom.lung


def seen(hu: HU, centre: float, width: float, bits: int = 0) -> HU:
    shown = np.clip((hu - centre) / width + 0.5, 0, 1)
    return (np.round(shown * 255) / 255 if bits else shown).astype(np.float32)


@pytest.mark.parametrize("window", [(-600, 1500), (-500, 1400), (-450, 1800), (-300, 2400)])
def test_one_slice_looks_the_same_through_any_lung_window(
    slice_and_lungs: tuple[HU, NDArray[np.bool_]], window: tuple[float, float]
) -> None:
    hu, lung = slice_and_lungs
    plain = normalised_by_lungs(seen(hu, -600, 1500), lung)
    other = normalised_by_lungs(seen(hu, *window, bits=8), lung)
    assert np.abs(plain - other)[lung].mean() < 0.02
    assert np.quantile(other[lung], AERATED) == pytest.approx(LUNG, abs=0.01)
    assert tissue_level(other, lung) == pytest.approx(TISSUE, abs=0.02)


def test_without_normalisation_windows_differ(
    slice_and_lungs: tuple[HU, NDArray[np.bool_]],
) -> None:
    hu, lung = slice_and_lungs
    assert np.abs(seen(hu, -600, 1500) - seen(hu, -300, 2400))[lung].mean() > 0.05


def test_greys_keep_their_order_and_range(slice_and_lungs: tuple[HU, NDArray[np.bool_]]) -> None:
    hu, lung = slice_and_lungs
    pixels = seen(hu, -600, 1500)
    found = normalised_by_lungs(pixels, lung)
    assert found.dtype == np.float32
    assert (found.min(), found.max()) >= (0, 0)
    assert found.max() <= 1
    order = np.argsort(pixels, axis=None)
    assert (np.diff(found.ravel()[order]) >= 0).all()


def test_a_picture_without_contrast_is_not_blown_up() -> None:
    rng = np.random.default_rng(0)
    lung = np.zeros((60, 60), bool)
    lung[15:45, 10:50] = True
    flat = np.where(lung, 0.5, 0.51) + rng.normal(0, 0.002, lung.shape)
    found = normalised_by_lungs(flat.astype(np.float32), lung)
    gain = (TISSUE - LUNG) / LEAST_CONTRAST
    assert found.std() < 1.5 * gain * flat.std()


def test_a_lung_that_is_black_in_its_window_stays_dark(
    slice_and_lungs: tuple[HU, NDArray[np.bool_]],
) -> None:
    hu, lung = slice_and_lungs
    found = normalised_by_lungs(seen(hu, 40, 400), lung)
    assert np.quantile(found[lung], AERATED) == pytest.approx(LUNG)
    assert tissue_level(found, lung) == pytest.approx(TISSUE, abs=0.05)


def test_lesions_in_half_of_the_lung_are_not_taken_for_the_window(
    slice_and_lungs: tuple[HU, NDArray[np.bool_]],
) -> None:
    hu, lung = slice_and_lungs
    ill = hu.copy()
    rows = np.arange(hu.shape[0])[:, None] > np.median(np.nonzero(lung)[0])
    ill[lung & rows] = -100
    healthy = lung & ~rows
    one = normalised_by_lungs(seen(hu, -600, 1500), lung)
    two = normalised_by_lungs(seen(ill, -600, 1500), lung)
    assert np.abs(one - two)[healthy].mean() < 0.05
    assert two[lung & rows].min() > 0.5


def test_without_tissue_around_the_vessels_are_the_measure(
    slice_and_lungs: tuple[HU, NDArray[np.bool_]],
) -> None:
    hu, lung = slice_and_lungs
    pixels = seen(hu, -600, 1500)
    assert tissue_level(pixels, np.ones_like(lung)) == pytest.approx(np.quantile(pixels, 0.98))


def test_without_lungs_a_slice_stays_as_it_is() -> None:
    pixels = np.random.default_rng(0).random((20, 20)).astype(np.float32)
    assert normalised_by_lungs(pixels, np.zeros((20, 20), bool)) is pixels
