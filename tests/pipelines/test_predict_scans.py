"""Rows of series, volumes and archives: a row a slice, under the right name, nothing lost."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

Predict = Callable[..., tuple[int, str, str]]
RowsOf = Callable[[Path], list[dict[str, str]]]


@pytest.fixture
def hu(drawn_slice: Callable[..., NDArray[np.uint8]]) -> NDArray[np.int16]:
    """Two lungs of -1290 in a body of -170 HU: what the tiny network finds."""
    return (drawn_slice().astype(np.int16) * 5.88 - 1350).astype(np.int16)


def write_slice(path: Path, hu: NDArray[np.int16], z: float, **tags: str) -> None:
    """A slice of one series as ITK writes it; ``tags`` as ``g0008e0060="MR"``."""
    image = SimpleITK.GetImageFromArray(hu[None])
    given = {
        "0008|0060": "CT",
        "0020|000e": "1.2.3.4",
        "0020|0032": f"0\\0\\{z}",
        "0020|0037": "1\\0\\0\\0\\1\\0",
        "0010|0010": "Muster^Erika",
        **{f"{name[1:5]}|{name[6:]}": value for name, value in tags.items()},
    }
    for tag, value in given.items():
        image.SetMetaData(tag, value)
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    writer.SetFileName(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    writer.Execute(image)


@pytest.fixture
def share(tmp_path: Path, hu: NDArray[np.int16]) -> Path:
    """A folder with a series of four slices, a volume, an archive, a picture and an MR slice."""
    folder = tmp_path / "share"
    for index, name in enumerate(("d", "b", "c", "a")):
        write_slice(folder / "study" / "CT" / f"{name}.dcm", hu, 2.0 * index)
    write_slice(folder / "study" / "MR.dcm", hu, 0, g0008e0060="MR", g0020e000e="1.2.3.5")
    volume = SimpleITK.GetImageFromArray(np.stack([hu, hu]))
    SimpleITK.WriteImage(volume, str(folder / "volume.nii.gz"))
    SimpleITK.WriteImage(volume, str(tmp_path / "volume.mha"))
    with ZipFile(folder / "export.zip", "w") as archive:
        archive.write(tmp_path / "volume.mha", "patient/volume.mha")
        for path in sorted((folder / "study" / "CT").iterdir()):
            archive.write(path, f"patient/CT/{path.name}")
    return folder


def masks_in(out: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in (out / "masks").rglob("*") if file.is_file()}


def test_every_slice_has_its_row_and_its_overlay(
    predict: Predict, share: Path, tmp_path: Path, rows_of: RowsOf
) -> None:
    code, said, _ = predict(share, "--out", tmp_path / "out", "--batch-size", 3)
    assert code == 3
    rows = rows_of(tmp_path / "out")
    assert [(row["path"], row["slice"], row["status"]) for row in rows] == [
        *(("export.zip/patient/CT", str(index), "ok") for index in range(4)),
        ("export.zip/patient/volume.mha", "0", "ok"),
        ("export.zip/patient/volume.mha", "1", "ok"),
        *(("study/CT", str(index), "ok") for index in range(4)),
        ("study/MR.dcm", "0", "not_ct"),
        ("volume.nii.gz", "0", "ok"),
        ("volume.nii.gz", "1", "ok"),
    ]
    assert [row["file"] for row in rows[6:12]] == [
        *(f"study/CT/{name}.dcm" for name in "dbca"),
        "study/MR.dcm",
        "volume.nii.gz",
    ]
    overlays = [path for path in (tmp_path / "out" / "overlays").rglob("*.png")]
    assert len(overlays) == len(rows)
    assert "its modality is MR, expected CT" in rows[10]["message"]
    assert "in 5 inputs" in said
    with (tmp_path / "out" / "cases.csv").open(encoding="utf-8", newline="") as file:
        cases = [(row["path"], row["case"], row["ok"]) for row in csv.DictReader(file)]
    assert cases == [
        ("export.zip/patient/CT", "series", "4"),
        ("export.zip/patient/volume.mha", "volume", "2"),
        ("study/CT", "series", "4"),
        ("study/MR.dcm", "series", "0"),
        ("volume.nii.gz", "volume", "2"),
    ]
    for path in (tmp_path / "out").rglob("*"):
        assert not path.is_file() or b"Erika" not in path.read_bytes()


def test_rows_say_that_the_networks_saw_another_window(
    predict: Predict, rows_of: RowsOf, share: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for window, told in (("lung", False), ("mediastinum", True)):
        predict(share / "volume.nii.gz", "--out", out, "--window", window, "--overwrite")
        messages = [row["message"] for row in rows_of(out)]
        assert ["another window" in message for message in messages] == [told, told]


def test_a_damaged_slice_of_a_series_costs_one_row(
    predict: Predict, share: Path, tmp_path: Path, rows_of: RowsOf
) -> None:
    damaged = share / "study" / "CT" / "b.dcm"
    damaged.write_bytes(damaged.read_bytes()[:-50])
    assert predict(share / "study" / "CT", "--out", tmp_path / "out")[0] == 3
    rows = rows_of(tmp_path / "out")
    assert [(row["path"], row["slice"], row["status"]) for row in rows] == [
        ("CT", "0", "ok"),
        ("CT", "1", "unreadable"),
        ("CT", "2", "ok"),
        ("CT", "3", "ok"),
    ]
    assert rows[1]["message"].startswith("b.dcm starts like a DICOM but")


def test_a_run_goes_on_within_a_series(predict: Predict, share: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = (share, "--out", out, "--batch-size", 2, "--masks")
    predict(*arguments)
    whole = (out / "predictions.csv").read_bytes()
    masks = masks_in(out)
    assert {file.name for file in masks} == {
        "CT.nii.gz",
        "volume.mha.nii.gz",
        "MR.dcm.png",
        "volume.nii.gz.nii.gz",
    }
    lines = whole.splitlines(keepends=True)
    record = (out / "run.json").read_bytes()
    for done in (2, 8, 10):
        (out / "predictions.csv").unlink(missing_ok=True)
        (out / "run.json").unlink(missing_ok=True)
        (out / "predictions.csv.part").write_bytes(b"".join(lines[: done + 1]))
        (out / "run.json.part").write_bytes(record)
        predict(*arguments, "--resume")
        assert (out / "predictions.csv").read_bytes() == whole
        assert masks_in(out) == masks


def test_an_archive_that_leads_out_is_one_row(
    predict: Predict, tmp_path: Path, rows_of: RowsOf
) -> None:
    with ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("../../secret.png", b"")
    assert predict(tmp_path / "x.zip", "--out", tmp_path / "out")[0] == 3
    [row] = rows_of(tmp_path / "out")
    assert (row["path"], row["status"]) == ("x.zip", "unreadable")
    assert "leads out of it" in row["message"]
    assert not (tmp_path.parent / "secret.png").exists()


@pytest.mark.parametrize("axes", ["PSR", "ASR", "SPL"])
def test_the_axes_of_a_volume_do_not_change_its_rows(
    predict: Predict, rows_of: RowsOf, hu: NDArray[np.int16], tmp_path: Path, axes: str
) -> None:
    """Their slices lie by columns in the file."""
    image = SimpleITK.GetImageFromArray(np.stack([np.pad(hu, 60, constant_values=-1350)] * 2))
    found = []
    for name, volume in (("as-seen", image), ("turned", SimpleITK.DICOMOrient(image, axes))):
        folder = tmp_path / name
        folder.mkdir()
        SimpleITK.WriteImage(volume, str(folder / "ct.nii.gz"))
        assert predict(folder, "--out", tmp_path / f"{name}-out", "--masks")[0] == 0
        found.append(rows_of(tmp_path / f"{name}-out"))
    assert found[0] == found[1]
    assert [row["status"] for row in found[0]] == ["ok", "ok"]
