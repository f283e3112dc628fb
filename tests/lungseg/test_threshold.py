"""The classic method on phantoms in HU, and on the traps that it knows."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg.cleaning import clean_mask
from lungseg.metrics import dice
from lungseg.phantom import display, make_phantom
from lungseg.threshold import body_mask, threshold_display_lungs, threshold_lungs


@pytest.mark.parametrize("z", [0.2, 0.4, 0.6])
def test_healthy_lungs_are_found(z: float) -> None:
    phantom = make_phantom(z, size=192, seed=3)
    found = clean_mask(threshold_lungs(phantom.hu).astype(np.float32))
    assert dice(found, phantom.lung) > 0.9


def test_the_neck_has_no_lungs() -> None:
    assert not threshold_lungs(make_phantom(-0.25, size=192, seed=3).hu).any()


def test_the_body_is_without_table_and_outside_air() -> None:
    hu = np.full((100, 100), -1000, np.float32)
    hu[20:70, 20:80] = 40
    hu[30:50, 30:45] = -800  # lung
    hu[85:88, 5:95] = 100  # table
    expected = np.zeros((100, 100), bool)
    expected[20:70, 20:80] = True
    assert (body_mask(hu) ^ expected).sum() < 10  # corners


def test_pure_air_inside_the_body_is_bowel_and_not_lung() -> None:
    hu = np.full((100, 100), -1000, np.float32)
    hu[10:90, 10:90] = 40
    hu[30:60, 20:40] = -800
    hu[30:60, 60:80] = -1000
    lungs = threshold_lungs(hu)
    assert lungs[40, 30]
    assert not lungs[:, 55:].any()


def test_without_a_patient_there_is_nothing() -> None:
    assert not threshold_lungs(np.full((50, 50), -1000, np.float32)).any()


@pytest.mark.parametrize("z", [0.2, 0.4, 0.6])
@pytest.mark.parametrize("window", [(-600, 1500), (40, 400)])
def test_healthy_lungs_are_found_in_pictures(z: float, window: tuple[float, float]) -> None:
    phantom = make_phantom(z, size=192, seed=3)
    pixels = display(phantom.hu, window).astype(np.float32) / 255
    found = clean_mask(threshold_display_lungs(pixels).astype(np.float32))
    assert dice(found, phantom.lung) > 0.85


def test_lungs_that_touch_the_frame_of_a_tight_crop_are_no_outside_air() -> None:
    pixels = np.full((100, 100), 0.8, np.float32)
    pixels[30:46, :40] = 0.1  # a lung that the crop cuts, on 4 % of the frame
    pixels[:10] = 0.0  # air in front of the patient
    pixels[85:, 95:] = 0.0  # and in a corner
    expected = np.zeros((100, 100), bool)
    expected[30:46, :40] = True
    assert (threshold_display_lungs(pixels) ^ expected).sum() < 10  # corners


@pytest.mark.parametrize("shade", [0.0, 0.5, 1.0])
def test_a_picture_of_one_shade_has_no_lungs(shade: float) -> None:
    assert not threshold_display_lungs(np.full((50, 50), shade, np.float32)).any()
