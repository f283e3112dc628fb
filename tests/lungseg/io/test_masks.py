"""True masks: labels as they are written, whatever the depth of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.errors import UnreadableError
from lungseg.io.masks import fractions_in, labels_of, read_labels, target_of

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


@pytest.mark.parametrize("colours", [[0, 0, 0], [255, 255, 255], [0, 0, 120]])
def test_a_palette_is_read_by_its_indices(tmp_path: Path, colours: list[int]) -> None:
    mask = Image.fromarray(CLASSES, "P")
    mask.putpalette(colours + [10, 0, 0, 0, 200, 0, 9, 9, 9])
    mask.save(tmp_path / "mask.png")
    [labels] = read_labels(tmp_path / "mask.png")
    assert np.array_equal(labels, CLASSES)


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.dstack([CLASSES * 80, CLASSES, CLASSES]), "in colour"),
        (np.dstack([CLASSES * 0] * 3 + [CLASSES * 80]), "transparent"),
    ],
)
def test_a_mask_whose_target_is_a_guess_is_refused(
    tmp_path: Path, pixels: NDArray[np.uint8], words: str
) -> None:
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    with pytest.raises(UnreadableError, match=words):
        list(read_labels(tmp_path / "mask.png"))


def test_grey_in_three_channels_is_grey(tmp_path: Path) -> None:
    Image.fromarray(np.dstack([CLASSES * 85] * 3)).save(tmp_path / "mask.png")
    [labels] = read_labels(tmp_path / "mask.png")
    assert np.array_equal(labels, CLASSES * 85)
    assert target_of(labels, "lung") == (pytest.approx(CLASSES > 0), "")


@pytest.mark.parametrize("quality", [75, 90, 95])
def test_a_compressed_mask_has_its_edge_at_half_grey(tmp_path: Path, quality: int) -> None:
    y, x = np.mgrid[:64, :64]
    disc: NDArray[np.bool_] = np.hypot(y - 30, x - 33) < 20
    Image.fromarray((disc * 255).astype(np.uint8)).save(tmp_path / "mask.jpg", quality=quality)
    [labels] = read_labels(tmp_path / "mask.jpg")
    found, assumed = target_of(labels, "lung")
    assert (found != disc).mean() < 0.01 < ((labels != 0) != disc).mean()
    assert "grey values" in assumed


def test_a_smoothly_resized_mask_has_its_edge_at_half_grey() -> None:
    small = Image.fromarray(np.kron(np.eye(4, dtype=np.uint8), np.full((8, 8), 255, np.uint8)))
    labels = np.asarray(small.resize((64, 64), Image.Resampling.BILINEAR))
    found, assumed = target_of(labels, "lung")
    assert found.mean() == pytest.approx(0.25, abs=0.01) and "grey values" in assumed


def test_the_values_of_the_target_can_be_chosen() -> None:
    assert np.array_equal(target_of(CLASSES, "lesion", [3])[0], CLASSES == 3)
    grey = np.linspace(0, 255, 64).astype(np.uint8)[None]
    grey[0, 1] = 3
    with pytest.raises(UnreadableError, match="64 grey values, which are no labels to choose from"):
        target_of(grey, "lesion", [3])


def test_labels_far_apart_are_labels_in_a_volume_and_where_they_are_chosen() -> None:
    labels = np.array([[0, 10, 11, 51, 92, 117]], np.uint8)
    assert target_of(labels, "lung", of_volume=True) == (pytest.approx(labels > 0), "")
    for of_volume in (True, False):
        found, assumed = target_of(labels, "lung", [10, 11], of_volume)
        assert found.tolist() == [[False, True, True, False, False, False]] and not assumed


def test_fractions_are_told() -> None:
    assert fractions_in(np.array([[0, 0.4]], np.float32))[0].startswith("the mask has values that")
    assert fractions_in(np.array([[0, 1.001, 3]], np.float32)) == ()


def test_values_beyond_eight_bits_stay_labels() -> None:
    assert labels_of(np.array([[-1, 0.4, 0.6, 300]], np.float32)).tolist() == [[0, 0, 1, 255]]
