"""Masks as files: which values they have, and when slices become one volume."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from lungseg.io import Input, group_inputs
from pipelines.masks import label_map, write_slice_mask, write_volume_mask
from pipelines.prediction import Prediction, unreadable
from pipelines.results import row_of

SHAPE = (8, 10)


def prediction(path: str, index: int) -> Prediction:
    """Lung on the left, a lesion across its border, each slice with one more row."""
    lung, lesion = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    lung[: index + 1, :5] = True
    lesion[:1, 3:8] = True
    return Prediction(
        path, index, "ok", 0.1, "non-COVID", 0.5, 0.1, None, None, lung, "", lesion=lesion
    )


@pytest.fixture
def volume(tmp_path: Path) -> Input:
    """A volume of three slices whose axes are not those of its slices."""
    affine = np.array([[0, 0, 2.0, 5], [0.5, 0, 0, 6], [0, -3.0, 0, 7], [0, 0, 0, 1]])
    image = nibabel.Nifti1Image(np.zeros((SHAPE[0], 3, SHAPE[1]), np.int16), affine)
    nibabel.save(image, tmp_path / "ct.nii.gz")
    [one] = group_inputs([tmp_path / "ct.nii.gz"], tmp_path).inputs
    return one


def test_a_lesion_is_marked_within_the_lung_alone(tmp_path: Path) -> None:
    one = prediction("a/b.png", 1)
    assert label_map(one)[:2].tolist() == [[1, 1, 1, 2, 2, 0, 0, 0, 0, 0], [1] * 5 + [0] * 5]
    write_slice_mask(one, tmp_path)
    with Image.open(tmp_path / "a" / "b.png.1.png") as picture:
        assert picture.mode == "P"
        assert (np.asarray(picture) == label_map(one)).all()
        colours = np.asarray(picture.convert("RGB"))
    assert len({tuple(colours[place]) for place in ((7, 9), (1, 0), (0, 3))}) == 3


def see(one: Input, folder: Path, count: int, broken: int | None = None) -> None:
    """Write the slices of the input, of which one may be unreadable, then the volume."""
    rows = []
    for index in range(count):
        if index == broken:
            rows.append(row_of(unreadable(one.name, index, 0.5, "torn")))
            continue
        found = prediction(one.name, index)
        write_slice_mask(found, folder)
        rows.append(row_of(found))
    write_volume_mask(folder, one, rows)


def test_the_slices_of_a_volume_become_one_file_in_its_axes(tmp_path: Path, volume: Input) -> None:
    masks = tmp_path / "masks"
    see(volume, masks, 3)
    assert [file.name for file in masks.iterdir()] == ["ct.nii.gz.nii.gz"]
    mask = nibabel.load(masks / "ct.nii.gz.nii.gz")
    image = nibabel.load(tmp_path / "ct.nii.gz")
    assert mask.shape == image.shape
    assert np.allclose(mask.affine, image.affine)
    assert set(np.unique(np.asarray(mask.dataobj))) == {0, 1, 2}


def test_a_volume_with_an_unreadable_slice_stays_a_file_a_slice(
    tmp_path: Path, volume: Input
) -> None:
    masks = tmp_path / "masks"
    see(volume, masks, 3, broken=1)
    assert sorted(file.name for file in masks.iterdir()) == [
        "ct.nii.gz.2.png",
        "ct.nii.gz.png",
    ]


def test_a_volume_that_was_written_before_the_run_was_cut_off_is_kept(
    tmp_path: Path, volume: Input
) -> None:
    masks = tmp_path / "masks"
    see(volume, masks, 3)
    whole = (masks / "ct.nii.gz.nii.gz").read_bytes()
    write_slice_mask(prediction(volume.name, 2), masks)  # as a chunk that is computed again does
    write_volume_mask(masks, volume, [row_of(prediction(volume.name, i)) for i in range(3)])
    assert [file.name for file in masks.iterdir()] == ["ct.nii.gz.nii.gz"]
    assert (masks / "ct.nii.gz.nii.gz").read_bytes() == whole


def test_a_volume_that_was_being_written_when_the_run_was_killed_leaves_nothing(
    tmp_path: Path, volume: Input
) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "ct.nii.gz.nii.gz.123.tmp").write_bytes(b"half of it")
    see(volume, masks, 3)
    assert [file.name for file in masks.iterdir()] == ["ct.nii.gz.nii.gz"]
