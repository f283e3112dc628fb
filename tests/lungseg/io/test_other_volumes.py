"""NRRD and MHA volumes that ITK wrote: HU, order and orientation as in the one NIfTI of them."""

from __future__ import annotations

import gzip
from pathlib import Path

import nrrd
import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io import read_slices, voxels, window_hu
from lungseg.io.volumes import SINGLE, UNSIZED
from lungseg.slice import Slice

Chest = NDArray[np.int16]

# Directions of the columns, rows and slices of the file, in LPS, and how it is sliced and turned.
TURNS = {
    "as scanned": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "from the head": ((1, 0, 0), (0, 1, 0), (0, 0, -1)),
    "prone": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "sagittal": ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
}


def save(path: Path, chest: Chest, turn: str = "as scanned", packed: bool = False) -> Path:
    """``chest`` (S x H x W, to the head, back and left) with its axes in another order."""
    axes = TURNS[turn]
    spacing = np.array((1.5, 1.25, 1.75))
    places = [int(np.abs(axis).argmax()) for axis in axes]
    seen = np.ascontiguousarray(chest.transpose(2, 1, 0).transpose(places))
    for place, axis in enumerate(axes):
        if min(axis) < 0:
            seen = np.flip(seen, place)
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(seen.T))
    image.SetDirection(np.array(axes, float).T.ravel().tolist())
    image.SetSpacing(spacing[places].tolist())
    SimpleITK.WriteImage(image, str(path), packed)
    return path


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii", ".nii.gz"])
@pytest.mark.parametrize("packed", [False, True])
def test_volumes_are_seen_as_a_radiologist_sees_them(
    tmp_path: Path, chest: Chest, extension: str, turn: str, packed: bool
) -> None:
    slices = list(read_slices(save(tmp_path / f"x{extension}", chest, turn, packed)))
    assert len(slices) == len(chest)
    for index, (seen, hu) in enumerate(zip(slices, chest, strict=True)):
        assert np.allclose(seen.pixels, window_hu(hu))
        assert (seen.scale, seen.orientation, seen.source.index) == ("hu", "LPS", index)
        assert (*(seen.spacing or ()), seen.step) == pytest.approx((1.25, 1.5, 1.75))
        assert (seen.messages, seen.refusal) == ((), "")


@pytest.mark.parametrize("axis", ["tilted", "turned in its plane"])
@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii"])
def test_a_volume_askew_is_told(tmp_path: Path, chest: Chest, extension: str, axis: str) -> None:
    image = SimpleITK.GetImageFromArray(chest)
    c, s = float(np.cos(np.pi / 9)), float(np.sin(np.pi / 9))
    image.SetDirection(
        (1, 0, 0, 0, c, -s, 0, s, c) if axis == "tilted" else (c, -s, 0, s, c, 0, 0, 0, 1)
    )
    SimpleITK.WriteImage(image, str(tmp_path / f"x{extension}"))
    for slice_, hu in zip(read_slices(tmp_path / f"x{extension}"), chest, strict=True):
        assert slice_.messages == (f"{axis} by 20 degrees",)
        assert np.allclose(slice_.pixels, window_hu(hu))


def test_slices_cut_across_a_coronal_volume_are_refused(tmp_path: Path, chest: Chest) -> None:
    for extension in (".nrrd", ".mha", ".nii"):
        image = SimpleITK.GetImageFromArray(chest)
        image.SetSpacing((1.0, 5.0, 1.0))
        SimpleITK.WriteImage(image, str(tmp_path / f"x{extension}"))
        for slice_ in read_slices(tmp_path / f"x{extension}"):
            assert "coronal slices, 5 mm apart" in slice_.refusal


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii"])
def test_values_that_are_no_hu_are_told_and_taken_with_the_offset_of_the_user(
    tmp_path: Path, chest: Chest, extension: str
) -> None:
    path = save(tmp_path / f"x{extension}", chest + np.int16(1024))
    assert "cannot be HU" in next(read_slices(path)).messages[0]
    assert "HU offset 9000 does not fit" in next(read_slices(path, hu_offset=9000)).messages[0]
    slice_ = next(read_slices(path, hu_offset=1024))
    assert (slice_.scale, slice_.messages) == ("hu", ())
    assert np.allclose(slice_.pixels, window_hu(chest[0]))


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii"])
def test_padding_that_no_header_names_is_air(tmp_path: Path, chest: Chest, extension: str) -> None:
    padded = chest.copy()
    padded[:, :6] = np.iinfo(np.int16).min
    slice_ = next(read_slices(save(tmp_path / f"x{extension}", padded)))
    assert slice_.scale == "hu"
    assert slice_.messages == (
        "the value -32768 is too small for HU: taken for padding, shown as air",
    )
    assert np.allclose(slice_.pixels[6:], window_hu(chest[0, 6:]))
    assert np.allclose(slice_.pixels[:6], window_hu(-1000.0))


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii"])
def test_an_offset_that_was_taken_off_twice_is_told(
    tmp_path: Path, chest: Chest, extension: str
) -> None:
    metal = chest.copy()
    metal[:, 20:24] = 2500
    for slice_ in read_slices(save(tmp_path / f"x{extension}", metal - np.int16(1024))):
        [said] = slice_.messages
        assert "the HU offset is probably wrong" in said


@pytest.mark.parametrize(
    ("name", "find", "put", "message"),
    [
        ("x.mha", b"= LOCAL", b"= ../secret.raw", "voxels in '../secret.raw', expected"),
        ("x.mha", b"DimSize = 40", b"DimSize = 999999999", "promises 999999"),
        ("x.mha", b"DimSize = 40", b"DimSize = -4", "promises -4"),
        ("x.mha", b"DimSize = 40", b"DimSize = 44", "bytes of voxels, expected"),
        ("x.mha", b"MET_SHORT", b"MET_OTHER", "cannot be decoded"),
        ("x.mha", b"TransformMatrix", b"TransformMatrxx", "no direction"),
        ("x.mha", b"BinaryData = True", b"BinaryData = False", "voxels as text"),
        ("x.mha", b"NDims = 3", b"NDims = 3\nHeaderSize = 64", "a second header .HeaderSize."),
        ("x.nrrd", b"encoding: raw", b"data file: /etc/passwd\nencoding: raw", "/etc/passwd.,"),
        ("x.nrrd", b"sizes: 40", b"sizes: 999999999", "promises 999999"),
        ("x.nrrd", b"sizes: 40", b"sizes: 44", "cannot be decoded"),
        ("x.nrrd", b"left-posterior-superior", b"scanner-xyz", "'scanner-xyz', expected one of"),
        ("x.nrrd", b"space directions:", b"#", "'left-posterior-superior' and no three direct"),
    ],
)
def test_a_damaged_header_is_refused_in_a_sentence(
    tmp_path: Path, chest: Chest, name: str, find: bytes, put: bytes, message: str
) -> None:
    path = save(tmp_path / name, chest)
    content = path.read_bytes()
    assert find in content
    path.write_bytes(content.replace(find, put, 1))
    with pytest.raises(UnreadableError, match=message) as error:
        list(read_slices(path))
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii"])
def test_another_number_of_axes_is_refused_by_its_shape(
    tmp_path: Path, chest: Chest, extension: str
) -> None:
    volume = SimpleITK.GetImageFromArray(chest)
    twice = SimpleITK.JoinSeries([volume, volume])
    SimpleITK.WriteImage(twice, str(tmp_path / f"x{extension}"))
    shape = " x ".join(map(str, twice.GetSize()))
    with pytest.raises(UnreadableError, match=f"has the shape {shape}, expected a volume"):
        list(read_slices(tmp_path / f"x{extension}"))


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii"])
def test_a_slice_of_two_axes_is_read_and_has_no_thickness(
    tmp_path: Path, chest: Chest, extension: str
) -> None:
    image = SimpleITK.GetImageFromArray(chest[1])
    image.SetSpacing((1.5, 1.25))
    SimpleITK.WriteImage(image, str(tmp_path / f"x{extension}"))
    (seen,) = read_slices(tmp_path / f"x{extension}")
    assert np.allclose(seen.pixels, window_hu(chest[1]))
    assert (seen.scale, seen.orientation, seen.step) == ("hu", "LPS", None)
    assert seen.spacing == pytest.approx((1.25, 1.5))
    assert seen.messages == (SINGLE,)


def test_nrrd_of_two_axes_without_a_size_of_pixels_is_told(tmp_path: Path, chest: Chest) -> None:
    nrrd.write(str(tmp_path / "x.nrrd"), chest[1].T)
    (seen,) = read_slices(tmp_path / "x.nrrd")
    assert np.allclose(seen.pixels, window_hu(chest[1]))
    assert seen.messages == (UNSIZED, SINGLE)


def edited(path: Path, find: bytes, put: bytes) -> Slice:
    content = path.read_bytes()
    assert content.count(find) == 1
    path.write_bytes(content.replace(find, put))
    return next(read_slices(path))


def test_size_of_a_voxel_by_its_second_name_or_none_is_told(tmp_path: Path, chest: Chest) -> None:
    path = save(tmp_path / "x.mha", chest)
    assert edited(path, b"ElementSpacing", b"ElementSize").spacing == (1.25, 1.5)
    bare = edited(path, b"ElementSize", b"Elements")
    assert bare.spacing == (1, 1)
    assert bare.messages == (UNSIZED,)


def test_a_fourth_axis_of_one_and_a_comment_above_do_no_harm(tmp_path: Path, chest: Chest) -> None:
    volume = SimpleITK.GetImageFromArray(chest)
    SimpleITK.WriteImage(SimpleITK.JoinSeries([volume]), str(tmp_path / "x.mha"))
    seen = edited(tmp_path / "x.mha", b"ObjectType", b"Comment = one phase\nObjectType")
    assert np.allclose(seen.pixels, window_hu(chest[0]))


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii.gz"])
def test_volumes_are_bounded_before_they_are_unpacked(
    tmp_path: Path, chest: Chest, extension: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / f"x{extension}", chest, packed=True)
    monkeypatch.setattr(voxels, "MAX_VOLUME_BYTES", chest.nbytes)
    assert len(list(read_slices(path))) == len(chest)
    monkeypatch.setattr(voxels, "MAX_VOLUME_BYTES", chest.nbytes - 1)
    with pytest.raises(UnreadableError, match="promises 40 x 48 x 5 voxels"):
        list(read_slices(path))


def test_no_more_is_unpacked_than_the_header_promises() -> None:
    import bz2
    import io
    import zlib

    content = bytes(range(250)) * 40_000
    for pack in (gzip.compress, zlib.compress, bz2.compress):
        assert voxels.unpacked(io.BytesIO(pack(content)), 2**30) == content
        assert voxels.unpacked(io.BytesIO(pack(content)), 999) == content[:999]
        assert len(voxels.unpacked(io.BytesIO(pack(content)[:-999]), 2**30)) < len(content)
