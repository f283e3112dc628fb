"""The classic method on phantoms in HU, and on the traps that it knows."""

from __future__ import annotations

import numpy as np
import pytest

from lungseg.cleaning import clean_mask
from lungseg.metrics import dice
from lungseg.phantom import make_phantom
from lungseg.threshold import body_mask, threshold_lungs


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
