"""The phantom: exact masks, consistent patients, and the range of a CT."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from lungseg.phantom import Acquisition, Phantom, make_phantom, random_phantom

QUIET = Acquisition(noise=0.0, sharpness=0.0)


def area(z: float, seed: int = 4) -> float:
    return float(make_phantom(z, size=96, seed=seed).lung.mean())


@pytest.mark.parametrize("z", [0.1, 0.45, 0.6, 0.85])
def test_a_slice_has_the_promised_types_and_masks(z: float) -> None:
    phantom = make_phantom(z, size=128, seed=1, lesions=0.3)
    assert phantom.hu.shape == phantom.lung.shape == phantom.lesion.shape == (128, 128)
    assert (phantom.hu.dtype, phantom.lung.dtype, phantom.lesion.dtype) == (
        np.float32,
        np.bool_,
        np.bool_,
    )
    assert phantom.hu.min() >= -1024
    assert phantom.hu.max() <= 3071
    assert phantom.lung.any()
    assert not (phantom.lesion & ~phantom.lung).any()


def test_the_same_seed_gives_the_same_slice_and_another_seed_another() -> None:
    first, again, other = (make_phantom(0.5, size=96, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.hu, again.hu)
    assert (first.lung != other.lung).any()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("z", [-0.25, -0.1, 1.02, 1.2])
def test_neck_and_abdomen_have_gas_but_no_lung(z: float, seed: int) -> None:
    phantom = make_phantom(z, size=128, seed=seed, lesions=0.5)
    assert not phantom.lung.any()
    assert not phantom.lesion.any()
    body = ndimage.binary_fill_holes(phantom.hu > -400)
    assert (phantom.hu[body] < -700).any()


@pytest.mark.parametrize("z", [0.2, 0.42])
def test_the_trachea_is_dark_and_not_lung(z: float) -> None:
    phantom = make_phantom(z, size=256, seed=2, acquisition=QUIET)
    body = ndimage.binary_fill_holes(phantom.hu > -400)
    gas = ndimage.binary_opening((phantom.hu < -940) & body & ~phantom.lung, iterations=2)
    columns = np.flatnonzero(gas.any(axis=0))
    assert columns.size > 0
    assert abs(columns.mean() - 127.5) < 20


@pytest.mark.parametrize("seed", range(8))
def test_main_bronchi_are_not_lung_where_they_enter_it(seed: int) -> None:
    phantom = make_phantom(0.49, size=256, seed=seed, acquisition=QUIET)
    # Nothing inside the lung is as empty as the main bronchi, not even its own bronchi.
    assert not (phantom.lung & (phantom.hu < -970)).any()
    assert (~phantom.lung & (phantom.hu < -970))[100:160, 90:166].any()


def test_lung_grows_from_the_apex_and_shrinks_to_the_base() -> None:
    apex, middle, base = area(0.08), area(0.5), area(0.93)
    assert 0 < apex < middle / 2
    assert 0 < base < middle / 2
    assert 0.15 < middle < 0.5


def test_neighbouring_slices_of_a_patient_resemble_each_other() -> None:
    below, above, far = (make_phantom(z, size=128, seed=7).lung for z in (0.5, 0.51, 0.7))
    changed = (below ^ above).sum() / below.sum()
    assert changed < 0.05
    assert changed < (below ^ far).sum() / below.sum()


@pytest.mark.parametrize("seed", range(6))
def test_the_lung_mask_is_the_air_filled_part_of_the_chest(seed: int) -> None:
    phantom = make_phantom(0.55, size=256, seed=seed, acquisition=QUIET)
    assert -930 < np.median(phantom.hu[phantom.lung]) < -740
    # Vessels belong to the lung; bone and muscle do not.
    assert 0.02 < (phantom.hu[phantom.lung] > -500).mean() < 0.25
    body = ndimage.binary_fill_holes(phantom.hu > -400)
    missed = (phantom.hu < -600) & ndimage.binary_erosion(body, iterations=4) & ~phantom.lung
    assert missed.sum() < 0.06 * phantom.lung.sum()


@pytest.mark.parametrize("burden", [0.1, 0.3, 0.6])
def test_lesions_cover_the_share_that_was_asked_for(burden: float) -> None:
    phantom = make_phantom(0.55, size=256, seed=5, lesions=burden)
    assert phantom.lesion.sum() / phantom.lung.sum() == pytest.approx(burden, abs=0.03)


def test_lesions_are_denser_than_the_lung_without_them() -> None:
    healthy = make_phantom(0.55, size=256, seed=5, acquisition=QUIET)
    sick = make_phantom(0.55, size=256, seed=5, lesions=0.3, acquisition=QUIET)
    assert not healthy.lesion.any()
    np.testing.assert_array_equal(healthy.lung, sick.lung)
    rise = sick.hu - healthy.hu
    assert np.median(rise[sick.lesion]) > 80
    core = ndimage.binary_erosion(sick.lesion, iterations=3)
    assert -720 < np.median(sick.hu[core]) < 60
    far = sick.lung & ~ndimage.binary_dilation(sick.lesion, iterations=12)
    assert np.median(rise[far]) < 5


def test_noise_does_not_move_the_masks() -> None:
    noisy = make_phantom(0.5, size=128, seed=1, lesions=0.2, acquisition=Acquisition(noise=60))
    clean = make_phantom(0.5, size=128, seed=1, lesions=0.2, acquisition=Acquisition(noise=0))
    np.testing.assert_array_equal(noisy.lung, clean.lung)
    np.testing.assert_array_equal(noisy.lesion, clean.lesion)
    body = clean.hu > -200
    assert (noisy.hu - clean.hu)[body].std() == pytest.approx(60, rel=0.4)


@pytest.mark.parametrize(
    ("options", "word"),
    [({"z": 2.0}, "z is 2.0"), ({"lesions": 1.5}, "1.5"), ({"size": 8}, "8 pixels")],
)
def test_an_impossible_slice_is_refused_with_its_value(options: dict, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        make_phantom(**({"z": 0.5, "size": 64, "seed": 0} | options))


def test_random_phantoms_are_repeatable_and_of_every_kind() -> None:
    def draw() -> list[Phantom]:
        rng = np.random.default_rng(11)
        return [random_phantom(rng, size=64) for _ in range(60)]

    first, again = draw(), draw()
    assert all((a.hu == b.hu).all() for a, b in zip(first, again, strict=True))
    empty = [not one.lung.any() for one in first]
    sick = [one.lesion.any() for one in first]
    assert 0.1 < np.mean(empty) < 0.5
    assert 0.2 < np.mean(sick) < 0.6
    assert all(np.isfinite(one.hu).all() for one in first)
    assert min(one.z for one in first) < 0 < 1 < max(one.z for one in first)


def test_phantoms_need_no_torch() -> None:
    code = "import sys, lungseg.phantom; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
