"""Slices come with their masks; what does not fit together becomes an error and no crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.evaluation.labelled import Labelled, read_labelled
from lungseg.evaluation.pairs import find_pairs

WritePair = Callable[..., None]


def read_all(folder: Path) -> list[Labelled]:
    return list(read_labelled(find_pairs(folder / "images", folder / "masks").pairs, "lung"))


def test_each_page_is_a_slice_with_its_mask(tmp_path: Path) -> None:
    for folder, shades in (("images", (9, 99, 199)), ("masks", (0, 255, 0))):
        (tmp_path / folder).mkdir()
        first, *more = [Image.new("L", (6, 5), shade) for shade in shades]
        first.save(tmp_path / folder / "s.tif", save_all=True, append_images=more)
    found = read_all(tmp_path)
    assert [(one.position, one.case, one.index) for one in found] == [(0, "s", n) for n in range(3)]
    assert [one.truth is not None and bool(one.truth.all()) for one in found] == [
        False,
        True,
        False,
    ]


def test_sixteen_bits_are_hu_where_it_is_said(tmp_path: Path, write_pair: WritePair) -> None:
    true = np.ones((20, 30), bool)
    write_pair("s", true, true)
    hu = np.full((20, 30), -600 + 1024, np.uint16)
    Image.fromarray(hu).save(tmp_path / "images" / "s.png")
    pairs = find_pairs(tmp_path / "images", tmp_path / "masks").pairs
    [one] = read_labelled(pairs, "lung", hu_offset=1024)
    assert one.slice is not None and one.slice.pixels == pytest.approx(0.5)  # of -1350 to 150


def test_what_does_not_fit_is_an_error_beside_good_slices(
    tmp_path: Path, write_pair: WritePair
) -> None:
    true = np.zeros((20, 30), bool)
    for name in ("broken", "good", "pages", "size", "volume"):
        write_pair(name, true, true)
    (tmp_path / "images" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    Image.new("L", (20, 30)).save(tmp_path / "masks" / "size.png")
    Image.new("L", (30, 20)).save(
        tmp_path / "masks" / "pages.tif", save_all=True, append_images=[Image.new("L", (30, 20))]
    )
    (tmp_path / "masks" / "pages.png").unlink()
    (tmp_path / "masks" / "volume.png").rename(tmp_path / "masks" / "volume.nii")
    errors = {one.case: one.error for one in read_all(tmp_path) if one.slice is None}
    assert errors.keys() == {"broken", "pages", "size"}
    assert "broken.png starts like a PNG" in errors["broken"]
    assert "30 x 20 and its mask 20 x 30" in errors["size"]
    assert "number of pages" in errors["pages"]
    assert not any(str(tmp_path) in error for error in errors.values())


def save_volume(path: Path, seen: NDArray[np.generic], flip: bool = False) -> None:
    """S x H x W as seen, in a file whose first axis runs to the right, or with ``flip`` left."""
    stored = seen.transpose(2, 1, 0)
    affine = np.diag([-1.0, -1.0, 2.0, 1.0])
    if flip:
        stored = stored[::-1]
        affine[0] = (1, 0, 0, 1 - seen.shape[2])
    path.parent.mkdir(exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(stored), affine), path)


def test_a_mask_volume_is_turned_as_its_image_is(tmp_path: Path) -> None:
    hu = np.full((2, 8, 9), 40, np.int16)
    hu[1, 2:5, 1:4] = -1000
    save_volume(tmp_path / "images" / "ct.nii.gz", hu)
    save_volume(tmp_path / "masks" / "ct.nii", (hu < 0).astype(np.uint8), flip=True)
    found = read_all(tmp_path)
    assert [one.index for one in found] == [0, 1]
    for one, plane in zip(found, hu, strict=True):
        assert one.slice is not None and one.truth is not None
        assert np.array_equal(one.truth, plane < 0)
        assert np.array_equal(one.slice.pixels < 0.3, plane < 0)
        assert one.slice.messages == ()


@pytest.mark.parametrize("affine", [np.eye(4), np.diag([1.0, 1.0, 2.0, 1.0]), None])
def test_a_mask_that_lost_its_affine_is_laid_on_its_image(
    tmp_path: Path, affine: NDArray[np.float64] | None
) -> None:
    hu = np.full((2, 8, 9), 40, np.int16)
    hu[1, 2:5, 1:4] = -1000
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    # slices along the first axis of the file, as a stack of DICOM pictures is often written
    standing = np.array([[0, 0, -1, 5], [0, -1, 0, 9], [2, 0, 0, 0], [0, 0, 0, 1]], float)
    nibabel.save(nibabel.Nifti1Image(hu, standing), tmp_path / "images" / "ct.nii")
    lost = nibabel.Nifti1Image((hu < 0).astype(np.uint8), affine)
    nibabel.save(lost, tmp_path / "masks" / "ct.nii")
    found = read_all(tmp_path)
    for one, plane in zip(found, hu, strict=True):
        assert one.slice is not None and one.truth is not None
        assert np.array_equal(one.truth, plane < 0)
        assert np.array_equal(one.slice.pixels < 0.3, plane < 0)
        assert "voxel by voxel" in one.slice.messages[0]


def test_a_volume_and_a_mask_of_other_sizes_are_one_error(tmp_path: Path) -> None:
    save_volume(tmp_path / "images" / "ct.nii", np.full((2, 8, 9), -900, np.int16))
    save_volume(tmp_path / "masks" / "ct.nii", np.zeros((3, 8, 9), np.uint8))
    [only] = read_all(tmp_path)
    assert "9 x 8 x 2 and its mask 9 x 8 x 3" in only.error
