"""A mask lies on its input, in the eyes of another library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from lungseg.io import Input, Reading, group_inputs, read_part
from lungseg.io.grid import affine_of, in_axes_of

Write = Callable[..., Path]

AIR, TISSUE, MARK = -1000, 0, 1000  # HU


def marked() -> NDArray[np.int16]:
    """S x H x W with air, tissue and one mark that no turn leaves where it was."""
    hu = np.full((5, 40, 48), AIR, np.int16)
    hu[:, 5:35, 5:43] = TISSUE
    hu[1, 8:12, 30:40] = MARK
    return hu


def mask_of(one: Input) -> NDArray[np.uint8]:
    """The mark as the slices of the input show it, S x H x W."""
    reading = Reading(window=(500, 1000))
    slices = [slice_ for part in one.parts for slice_ in read_part(part, reading)]
    return np.stack([slice_.pixels > 0.9 for slice_ in slices]).astype(np.uint8)


def written(one: Input, folder: Path) -> SimpleITK.Image:
    """The mask of the input as NIfTI, read back by ITK."""
    import nibabel

    affine = affine_of(one)
    assert affine is not None
    nibabel.save(nibabel.Nifti1Image(in_axes_of(affine, mask_of(one)), affine), folder / "m.nii.gz")
    return SimpleITK.ReadImage(str(folder / "m.nii.gz"))


def centre(image: SimpleITK.Image, mark: int) -> NDArray[Any]:
    """Of the voxels from ``mark`` on, in mm."""
    found = np.argwhere(SimpleITK.GetArrayFromImage(image) >= mark)[:, ::-1]
    return np.mean([image.TransformIndexToPhysicalPoint(index.tolist()) for index in found], axis=0)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("axes", ["LPS", "RAI", "PSL"])
def test_a_mask_of_a_volume_has_the_axes_of_its_file(
    tmp_path: Path, suffix: str, axes: str
) -> None:
    image = SimpleITK.GetImageFromArray(marked())
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-20, 30, 100))
    image = SimpleITK.DICOMOrient(image, axes)
    SimpleITK.WriteImage(image, str(tmp_path / f"ct{suffix}"))
    [one] = group_inputs([tmp_path / f"ct{suffix}"], tmp_path).inputs
    mask = written(one, tmp_path)
    assert mask.GetSize() == image.GetSize()
    marks = SimpleITK.GetArrayFromImage(image) == MARK
    assert (SimpleITK.GetArrayFromImage(mask) == marks).all()
    assert centre(mask, 1) == pytest.approx(centre(image, MARK), abs=1e-3)


TILTED = [1, 0, 0, 0, np.cos(0.2), np.sin(0.2)]


@pytest.mark.parametrize(
    "directions",
    [[1, 0, 0, 0, 1, 0], [-1, 0, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0], [0, -1, 0, 1, 0, 0], TILTED],
)
def test_a_mask_of_a_series_lies_where_its_slices_do(
    tmp_path: Path, dicom: Write, directions: list[float]
) -> None:
    normal = np.cross(directions[:3], directions[3:])
    for number, hu in enumerate(marked()):
        place = [
            round(float(value), 6) for value in np.array([-20, 30, 100]) + 2.5 * number * normal
        ]
        dicom(
            tmp_path / f"{number}.dcm",
            hu,
            number=number,
            ImageOrientationPatient=[float(value) for value in directions],
            ImagePositionPatient=place,
        )
    [one] = group_inputs(sorted(tmp_path.iterdir()), tmp_path).inputs
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path))
    image = SimpleITK.ReadImage(names)
    mask = written(one, tmp_path)
    assert sorted(mask.GetSize()) == sorted(image.GetSize())
    assert centre(mask, 1) == pytest.approx(centre(image, MARK), abs=1e-3)


@pytest.mark.parametrize("heights", [[0, 2, 4, 8], [0, 2, 2, 4], [0, 2, 3, 6]])
def test_no_affine_is_made_up_for_a_series_with_gaps(
    tmp_path: Path, dicom: Write, heights: list[float]
) -> None:
    for number, (z, hu) in enumerate(zip(heights, marked(), strict=False)):
        dicom(tmp_path / f"{number}.dcm", hu, z, number)
    [one] = group_inputs(sorted(tmp_path.iterdir()), tmp_path).inputs
    assert affine_of(one) is None


def test_slices_beside_each_other_have_no_affine(tmp_path: Path, dicom: Write) -> None:
    for number, x in enumerate((0, 40)):
        dicom(tmp_path / f"{number}.dcm", marked()[number], ImagePositionPatient=[x, 0, 5])
    [one] = group_inputs(sorted(tmp_path.iterdir()), tmp_path).inputs
    assert affine_of(one) is None


def test_a_picture_has_no_place_in_the_patient(repository: Path) -> None:
    picture = repository / "samples" / "patient-3" / "lesions_mid_lung-window.png"
    [one] = group_inputs([picture]).inputs
    assert affine_of(one) is None
