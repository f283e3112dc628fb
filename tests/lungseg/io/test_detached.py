"""Volumes whose voxels lie beside their header: read as in one file, and no other is opened."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import nrrd
import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io import Reading, find_inputs, group_inputs, read_part, read_slices, voxels, window_hu
from lungseg.io.grid import affine_of

Chest = NDArray[np.int16]
Save = Callable[[Path, Chest], Path]


def by_itk(path: Path, chest: Chest, packed: bool = False) -> Path:
    """``chest`` from the head down, with a voxel of 1.75 x 1.25 x 1.5 mm (slice, row, column)."""
    image = SimpleITK.GetImageFromArray(chest[::-1])
    image.SetSpacing((1.5, 1.25, 1.75))
    image.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, -1))
    image.SetOrigin((-20, -30, 100))
    SimpleITK.WriteImage(image, str(path), packed)
    return path


def by_itk_packed(path: Path, chest: Chest) -> Path:
    return by_itk(path, chest, packed=True)


def by_pynrrd(path: Path, chest: Chest) -> Path:
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag([1.5, 1.25, -1.75]),
        "space origin": (-20, -30, 100),
        "encoding": "gzip" if path.stem == "packed" else "raw",
    }
    nrrd.write(str(path), chest[::-1].T, header, detached_header=path.suffix == ".nhdr")
    return path


FORMS: list[tuple[Save, str, str, str]] = [
    (by_itk, "x.mhd", "x.raw", "x.mha"),
    (by_itk_packed, "x.mhd", "x.zraw", "x.mha"),
    (by_itk, "x.nhdr", "x.raw", "x.nrrd"),
    (by_itk_packed, "x.nhdr", "x.raw.gz", "x.nrrd"),
    (by_pynrrd, "x.nhdr", "x.raw", "x.nrrd"),
    (by_pynrrd, "packed.nhdr", "packed.raw.gz", "packed.nrrd"),
]
forms = pytest.mark.parametrize(("save", "header", "data", "whole"), FORMS)


@forms
@pytest.mark.parametrize("zipped", [False, True])
def test_a_volume_in_two_files_is_that_in_one(
    tmp_path: Path, chest: Chest, save: Save, header: str, data: str, whole: str, zipped: bool
) -> None:
    (tmp_path / "one").mkdir()
    one = save(tmp_path / "one" / whole, chest)
    root = tmp_path / "two"
    (root / "deep").mkdir(parents=True)
    save(root / "deep" / header, chest)
    assert {file.name for file in (root / "deep").iterdir()} == {header, data}
    if zipped:
        with ZipFile(tmp_path / "two.zip", "w", ZIP_DEFLATED) as archive:
            for file in (root / "deep").iterdir():
                archive.write(file, f"deep/{file.name}")
        root = tmp_path / "two.zip"
    found = find_inputs(root)
    grouped = group_inputs(found.files, root)
    assert found.ignored + grouped.ignored == 0, "voxels are no file that was left out"
    [volume] = grouped.inputs
    assert volume.name.endswith(f"deep/{header}")
    assert np.allclose(affine_of(volume), affine_of(group_inputs([one]).inputs[0]))
    slices = list(read_part(volume.parts[0], Reading()))
    for seen, same, hu in zip(slices, read_slices(one), chest, strict=True):
        assert np.array_equal(seen.pixels, same.pixels)
        assert np.allclose(seen.pixels, window_hu(hu))
        assert (seen.spacing, seen.step, seen.messages) == (same.spacing, same.step, ())


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("accident", [b"\x08\0\x05\0\x03\0\0\0", b"\xff\xd8\xff\0"])
def test_voxels_that_look_like_a_file_are_no_input(
    tmp_path: Path, chest: Chest, zipped: bool, accident: bytes
) -> None:
    header = by_itk(tmp_path / "x.mhd", chest)
    voxels_of_it = (tmp_path / "x.raw").read_bytes()
    (tmp_path / "x.raw").write_bytes(accident + voxels_of_it[len(accident) :])
    assert len(find_inputs(tmp_path).files) == 2
    given = find_inputs(tmp_path).files
    if zipped:
        with ZipFile(tmp_path / "x.zip", "w") as archive:
            for file in given:
                archive.write(file, file.name)
        given = (tmp_path / "x.zip",)
    [one] = group_inputs(given, tmp_path).inputs
    assert one.name.endswith(header.name)


def test_no_header_hides_a_slice(tmp_path: Path, chest: Chest) -> None:
    header = by_itk(tmp_path / "a.mhd", chest).read_bytes()
    for name, said in (("a.mhd", b"b.mhd"), ("b.mhd", b"a.mhd"), ("c.mhd", b"d.png")):
        (tmp_path / name).write_bytes(header.replace(b"a.raw", said))
    (tmp_path / "d.png").write_bytes(b"a picture")
    (tmp_path / "a.raw").unlink()
    names = [one.name for one in group_inputs(find_inputs(tmp_path).files, tmp_path).inputs]
    assert names == ["a.mhd", "b.mhd", "c.mhd", "d.png"]


NAMES = {
    "../x.raw": "expected the name of a file in its own folder",
    "/etc/passwd": "expected the name of a file in its own folder",
    "C:\\\\x.raw": "expected the name of a file in its own folder",
    "deep/x.raw": "expected the name of a file in its own folder",
    "..": "expected the name of a file in its own folder",
    "n" * 5000: "n{200}[.]{3}', expected the name of a file in its own folder",
    "LIST": "in several files .LIST.",
    "x%03d.raw 1 5 1": "in several files",
    "y.raw": "its voxels in y.raw, which is missing",
    "folder": "its voxels in folder, which is missing",
}


@pytest.mark.parametrize("header", ["x.mhd", "x.nhdr"])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_only_one_file_in_the_same_folder_is_opened(
    tmp_path: Path, chest: Chest, header: str, name: str, zipped: bool
) -> None:
    root = tmp_path / "case"
    (root / "deep").mkdir(parents=True)
    (root / "folder").mkdir()
    path = by_itk(root / header, chest)
    (root / "deep" / "x.raw").write_bytes((root / "x.raw").read_bytes())
    (tmp_path / "x.raw").write_bytes((root / "x.raw").read_bytes())
    listed = b"x.raw\n" if name == "LIST" else b""
    content = path.read_bytes().rstrip().replace(b"x.raw", name.encode()) + b"\n" + listed
    path.write_bytes(content)
    if zipped:
        with ZipFile(tmp_path / "x.zip", "w") as archive:
            for file in sorted(root.rglob("*")):
                archive.write(file, file.relative_to(root).as_posix())
        path = tmp_path / "x.zip"
    with pytest.raises(UnreadableError, match=NAMES[name]) as error:
        list(read_slices(path))
    assert header in str(error.value) and "\n" not in str(error.value)


@forms
@pytest.mark.parametrize("zipped", [False, True])
def test_voxels_that_are_cut_off_are_named(
    tmp_path: Path, chest: Chest, save: Save, header: str, data: str, whole: str, zipped: bool
) -> None:
    path = save(tmp_path / header, chest)
    content = (tmp_path / data).read_bytes()
    (tmp_path / data).write_bytes(content[: len(content) // 2])
    if zipped:
        with ZipFile(tmp_path / "x.zip", "w") as archive:
            for name in (header, data):
                archive.write(tmp_path / name, name)
        path = tmp_path / "x.zip"
    with pytest.raises(UnreadableError, match=f"{header} has its voxels in {data}, which") as error:
        list(read_slices(path))
    assert "bytes of voxels, expected 19,200" in str(error.value)
    assert f"/{data}" not in str(error.value), "the path is told once, by the header"


def test_damage_of_packed_voxels_is_named(tmp_path: Path, chest: Chest) -> None:
    path = by_itk(tmp_path / "x.mhd", chest, packed=True)
    (tmp_path / "x.zraw").write_bytes(b"no zlib")
    with pytest.raises(UnreadableError, match="voxels in x.zraw, which cannot be read .Error -3"):
        list(read_slices(path))


@forms
def test_volumes_in_two_files_are_bounded_too(
    tmp_path: Path,
    chest: Chest,
    save: Save,
    header: str,
    data: str,
    whole: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = save(tmp_path / header, chest)
    (tmp_path / data).unlink()
    monkeypatch.setattr(voxels, "MAX_VOLUME_BYTES", chest.nbytes - 1)
    with pytest.raises(UnreadableError, match="promises 40 x 48 x 5 voxels"):
        list(read_slices(path))


@pytest.mark.parametrize(
    ("skip", "before"), [("byte skip: 7", b"seven b"), ("line skip: 2", b"1\n2\n"), ("", b"")]
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_lies_before_the_voxels_is_skipped(
    tmp_path: Path, chest: Chest, skip: str, before: bytes, packed: bool
) -> None:
    path = by_pynrrd(tmp_path / ("packed.nhdr" if packed else "x.nhdr"), chest)
    path.write_text(path.read_text().rstrip() + f"\n{skip}\n")
    data = path.with_suffix(".raw.gz" if packed else ".raw")
    content = data.read_bytes()
    inside = packed and "byte" in skip  # bytes count after unpacking, lines before
    data.write_bytes(
        gzip.compress(before + gzip.decompress(content)) if inside else before + content
    )
    for seen, hu in zip(read_slices(path), chest, strict=True):
        assert np.allclose(seen.pixels, window_hu(hu))


def test_voxels_at_the_end_of_a_file(tmp_path: Path, chest: Chest) -> None:
    path = by_pynrrd(tmp_path / "x.nhdr", chest)
    path.write_text(path.read_text().rstrip() + "\nbyte skip: -1\n")
    data = path.with_suffix(".raw")
    data.write_bytes(b"whatever" + data.read_bytes())
    assert np.allclose(next(read_slices(path)).pixels, window_hu(chest[0]))
    data.write_bytes(data.read_bytes()[9:])
    with pytest.raises(UnreadableError, match="19,199 bytes of voxels, expected 19,200"):
        next(read_slices(path))
