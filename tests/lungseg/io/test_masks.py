"""True masks: labels as they are written, whatever the depth of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.io.masks import labels_of, read_labels, target_of

CLASSES = np.array([[0, 0, 1], [2, 3, 3]], np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_classes_survive_any_depth(tmp_path: Path, dtype: type) -> None:
    Image.fromarray(CLASSES.astype(dtype)).save(tmp_path / "mask.tif")
    [labels] = read_labels(tmp_path / "mask.tif")
    assert labels.dtype == np.uint8
    assert np.array_equal(labels, CLASSES)


@pytest.mark.parametrize("full", [1, 255, 65535])
def test_whatever_stands_for_lung_is_lung(tmp_path: Path, full: int) -> None:
    mask = np.zeros((8, 9), np.uint16 if full > 255 else np.uint8)
    mask[2:5, 3:7] = full
    Image.fromarray(mask).save(tmp_path / "mask.png")
    [labels] = read_labels(tmp_path / "mask.png")
    found, assumed = target_of(labels, "lung")
    assert np.array_equal(found, mask > 0)
    assert assumed == ""


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    mask = CLASSES > 1
    Image.fromarray(mask).save(tmp_path / "mask.png")
    [labels] = read_labels(tmp_path / "mask.png")
    assert np.array_equal(labels, mask * 255)


def test_an_effusion_is_no_lesion_but_lies_in_the_chest() -> None:
    assert target_of(CLASSES, "lesion")[0].tolist() == [[False] * 2 + [True], [True, False, False]]
    assert target_of(CLASSES, "lung")[0].tolist() == [[False] * 2 + [True], [True] * 3]


def test_a_compressed_mask_has_its_edge_at_half_grey(tmp_path: Path) -> None:
    y, x = np.mgrid[:64, :64]
    disc: NDArray[np.bool_] = np.hypot(y - 30, x - 33) < 20
    Image.fromarray((disc * 255).astype(np.uint8)).save(tmp_path / "mask.jpg", quality=75)
    [labels] = read_labels(tmp_path / "mask.jpg")
    found, assumed = target_of(labels, "lung")
    assert (found != disc).mean() < 0.01 < ((labels != 0) != disc).mean()
    assert "grey values" in assumed


def test_values_beyond_eight_bits_stay_labels() -> None:
    assert labels_of(np.array([[-1, 0.4, 0.6, 300]], np.float32)).tolist() == [[0, 0, 1, 255]]
