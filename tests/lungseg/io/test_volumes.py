"""NIfTI volumes: one look whatever the axes of the file, HU by scale, refusals in a sentence."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io.volumes import nifti_affine, read_volume, voxels_apart
from lungseg.io.window import window_hu
from lungseg.phantom import make_phantom

SPACING = (2.0, 3.0, 5.0)  # of x, y and z in mm
STEPS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}


@pytest.fixture(scope="module")
def hu() -> NDArray[np.int16]:
    """Three slices of one patient, lowest first, S x H x W as a radiologist sees them."""
    slices = [make_phantom(z, size=48, seed=3).hu for z in (0.9, 0.5, 0.2)]
    return np.stack(slices).round().astype(np.int16)


def save(path: Path, seen: NDArray[Any], axes: str = "LPS", **scale: float) -> Path:
    """Write slices S x H x W (columns to the left, rows to the back) with ``axes`` in the file."""
    in_ras = seen.transpose(2, 1, 0)[::-1, ::-1]  # x to the right, y to the front, z up
    order = [STEPS[axis][0] for axis in axes]
    stored = in_ras.transpose(order)
    affine = np.zeros((4, 4))
    affine[:, 3] = (-70, 40, 300, 1)
    for place, axis in enumerate(axes):
        world, sign = STEPS[axis]
        if sign < 0:
            stored = np.flip(stored, place)
            affine[world, 3] += SPACING[world] * (stored.shape[place] - 1)
        affine[world, place] = sign * SPACING[world]
    image = nibabel.Nifti1Image(np.ascontiguousarray(stored), affine)
    if scale:
        image.header.set_slope_inter(scale["slope"], scale["inter"])
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("axes", ["LPS", "RAS", "LAS", "RPI", "SAR", "PIR", "ALS", "PSR"])
def test_the_axes_of_the_file_do_not_change_what_is_seen(
    tmp_path: Path, hu: NDArray[np.int16], axes: str
) -> None:
    volume = read_volume(save(tmp_path / "ct.nii.gz", hu, axes))
    assert volume.spacing == pytest.approx((5, 3, 2))
    for index, slice_ in enumerate(volume.slices()):
        assert np.array_equal(slice_.pixels, window_hu(hu[index], (-600, 1500)))
        assert (slice_.scale, slice_.orientation, slice_.spacing) == ("hu", "LPS", (3, 2))
        assert (slice_.source.index, slice_.messages) == (index, ())
        assert slice_.pixels.flags.c_contiguous
    assert len(volume) == index + 1 == 3
    unflipped = read_volume(save(tmp_path / "other.nii", hu))
    assert np.allclose(volume.affine, unflipped.affine)
    assert voxels_apart(volume, unflipped) == pytest.approx(0, abs=1e-6)


def test_a_mask_mirrored_by_its_header_is_told(tmp_path: Path, hu: NDArray[np.int16]) -> None:
    one = read_volume(save(tmp_path / "ct.nii", hu))
    lost = nibabel.Nifti1Image(np.zeros((48, 48, 3), np.uint8), np.eye(4))
    nibabel.save(lost, tmp_path / "mask.nii")
    assert voxels_apart(one, read_volume(tmp_path / "mask.nii")) > 10


@pytest.mark.parametrize(("slope", "inter"), [(1, 0), (1, -1024), (0.5, 100), (-1, 0)])
def test_the_scale_of_the_header_gives_hu(tmp_path: Path, slope: float, inter: float) -> None:
    stored = np.arange(-1000, 1000, 50).reshape(2, 4, 5).astype(np.int16)
    path = save(tmp_path / "ct.nii", stored, slope=slope, inter=inter)
    volume = read_volume(path)
    found = np.stack([volume.values(index) for index in range(2)])
    assert np.array_equal(found, stored * np.float32(slope) + np.float32(inter))
    assert np.array_equal(np.sort(found, None), np.sort(nibabel.load(path).get_fdata(), None))


@pytest.mark.parametrize(
    ("values", "black", "white"),
    [
        ((0, 50, 100, 200), 0, 255),
        ((0, 0.2, 0.5, 0.8), 0, 1),
        ((0, 100, 1000, 2000), 0, 2000),
        ((-1.5, 0, 1, 2.5), -1.5, 2.5),  # brought to mean 0 and deviation 1
        ((-7, -7, -7, -7), -7, -6),
    ],
)
def test_values_that_cannot_be_hu_are_taken_as_displayed(
    tmp_path: Path, values: tuple[float, ...], black: float, white: float
) -> None:
    grey = np.array(values, np.float32).reshape(1, 2, 2)
    [slice_] = read_volume(save(tmp_path / "grey.nii", grey)).slices()
    assert slice_.scale == "display"
    assert slice_.pixels == pytest.approx((grey[0] - black) / (white - black), abs=1e-5)
    [message] = slice_.messages
    assert "cannot be HU" in message and message.endswith(f"from {black:g} to {white:g}")


def test_a_volume_in_a_fourth_axis_of_one_is_a_volume(
    tmp_path: Path, hu: NDArray[np.int16]
) -> None:
    image = nibabel.Nifti1Image(hu[..., None], np.eye(4))
    nibabel.save(image, tmp_path / "ct.nii")
    assert len(read_volume(tmp_path / "ct.nii")) == 48


def test_a_header_without_orientation_is_told(tmp_path: Path, hu: NDArray[np.int16]) -> None:
    nibabel.save(nibabel.Nifti1Image(hu, None), tmp_path / "ct.nii")
    [message] = read_volume(tmp_path / "ct.nii").messages
    assert "no orientation" in message


def test_two_orientations_in_one_header_are_told(tmp_path: Path, hu: NDArray[np.int16]) -> None:
    image = nibabel.load(save(tmp_path / "ct.nii", hu))
    mirrored = image.affine * [[-1], [1], [1], [1]]
    for qform, told in ((image.affine, False), (mirrored, True)):
        image.set_sform(image.affine, 1)
        image.set_qform(qform, 1)
        nibabel.save(image, tmp_path / "two.nii")
        volume = read_volume(tmp_path / "two.nii")
        assert [("two orientations" in said) for said in volume.messages] == [True] * told
        assert np.array_equal(volume.stored, hu)


def test_the_step_of_a_tilted_gantry_is_the_distance_of_its_slices(
    tmp_path: Path, hu: NDArray[np.int16]
) -> None:
    affine = np.diag([2.0, 3.0, 5.0, 1.0])
    affine[1, 2] = 5 * np.tan(np.radians(30))
    nibabel.save(nibabel.Nifti1Image(hu, affine), tmp_path / "sheared.nii")
    assert read_volume(tmp_path / "sheared.nii").spacing == pytest.approx((5, 3, 2))


@pytest.mark.parametrize(("unit", "size"), [("meter", 0.001), ("micron", 1000), ("unknown", 1)])
def test_lengths_are_in_mm_whatever_the_unit_of_the_header(
    tmp_path: Path, hu: NDArray[np.int16], unit: str, size: float
) -> None:
    image = nibabel.load(save(tmp_path / "ct.nii", hu))
    scaled = nibabel.Nifti1Image(image.dataobj, np.diag([size, size, size, 1]) @ image.affine)
    scaled.header.set_xyzt_units(unit)
    nibabel.save(scaled, tmp_path / "scaled.nii")
    assert read_volume(tmp_path / "scaled.nii").spacing == pytest.approx((5, 3, 2))
    assert np.allclose(nifti_affine(tmp_path / "scaled.nii"), image.affine, atol=1e-3)


def test_numbers_that_lost_their_sign_are_refused(tmp_path: Path, hu: NDArray[np.int16]) -> None:
    path = save(tmp_path / "ct.nii", hu.view(np.uint16))
    with pytest.raises(UnreadableError, match="below 0 without their sign; export it again"):
        read_volume(path)


def written(folder: Path, what: str) -> Path:
    """A file that is no volume, by what is wrong with it."""
    path = folder / f"{what}.nii.gz"
    if what == "missing":
        return path
    if what in ("four axes", "one axis", "no voxel", "NaN", "colours"):
        shape = {"four axes": (4, 4, 4, 2), "one axis": (4,), "no voxel": (4, 4, 0)}.get(what)
        array: NDArray[Any] = np.zeros(shape or (4, 4, 4), np.float32)
        if what == "NaN":
            array[0, 0, 0] = np.nan
        if what == "colours":
            array = array.astype([("R", "u1"), ("G", "u1"), ("B", "u1")])
        nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
        return path
    save(path, np.random.default_rng(0).integers(-1000, 1000, (9, 9, 9)).astype(np.int16))
    content = path.read_bytes()
    damaged = {
        "cut off": content[: len(content) // 2],
        "text": b"this is no volume",
        "empty": b"",
        "short inside": gzip.compress(gzip.decompress(content)[:-100]),
    }
    path.write_bytes(damaged[what])
    return path


@pytest.mark.parametrize(
    "what",
    [
        "missing",
        "four axes",
        "one axis",
        "no voxel",
        "NaN",
        "colours",
        "cut off",
        "text",
        "empty",
        "short inside",
    ],
)
def test_what_is_no_volume_is_refused_in_a_sentence(tmp_path: Path, what: str) -> None:
    path = written(tmp_path, what)
    with pytest.raises(UnreadableError) as error:
        read_volume(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "affine",
    [
        np.diag([1.0, 1.0, 0.0, 1.0]),
        np.full((4, 4), np.nan),
        np.array([[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]], float),
    ],
    ids=["no third axis", "NaN", "two axes in one direction"],
)
def test_a_header_without_directions_is_refused_in_a_sentence(
    tmp_path: Path, hu: NDArray[np.int16], affine: NDArray[np.float64]
) -> None:
    image = nibabel.Nifti1Image(hu, np.eye(4))
    for row, name in enumerate(("srow_x", "srow_y", "srow_z")):
        image.header[name] = affine[row]  # nibabel itself would not let it be set
    image.header["sform_code"], image.header["qform_code"] = 1, 0
    content = image.header.binaryblock + bytes(4) + hu.tobytes(order="F")
    (tmp_path / "ct.nii").write_bytes(content)
    with pytest.raises(UnreadableError, match="no direction"):
        read_volume(tmp_path / "ct.nii")
