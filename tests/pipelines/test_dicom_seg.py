"""Which inputs get a DICOM Segmentation, where it lies, and that a run that goes on keeps it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.extras import EXTRAS

hd = pytest.importorskip("highdicom", reason="needs the extra [dicom-seg]")

Predict = Callable[..., tuple[int, str, str]]
Draw = Callable[..., NDArray[np.uint8]]
Write = Callable[..., None]


@pytest.fixture
def share(tmp_path: Path, ct_file: Write, drawn_slice: Draw) -> Path:
    """A series of three slices, one without a frame of reference, one without lung, a picture."""
    folder = tmp_path / "share"
    for index, name in enumerate("cab"):
        ct_file(folder / "study" / "CT" / f"{name}.dcm", drawn_slice(), 2.0 * index)
    lonely = {"SeriesInstanceUID": "1.2.3.5", "FrameOfReferenceUID": ""}
    ct_file(folder / "study" / "lonely.dcm", drawn_slice(), 0, **lonely)
    empty = np.full((96, 96), 200, np.uint8)
    ct_file(folder / "study" / "empty.dcm", empty, 0, SeriesInstanceUID="1.2.3.6")
    Image.fromarray(drawn_slice()).save(folder / "picture.png")
    return folder


def test_a_series_with_lung_gets_one_object_and_others_are_told(
    predict: Predict, share: Path, tmp_path: Path
) -> None:
    from pydicom import dcmread

    out = tmp_path / "out"
    code, said, _ = predict(share, "--out", out, "--dicom-seg", "--masks")
    assert code == 3
    [line] = [line for line in said.splitlines() if line.startswith("DICOM-SEG")]
    assert line.split(maxsplit=2)[1] == "1"
    for told in (
        "is no DICOM 1",
        "no lung found 1",
        "no FrameOfReferenceUID 1",
        "study/lonely.dcm",
    ):
        assert told in line
    found = json.loads((out / "run.json").read_text())["dicom_seg"]
    assert found == {
        "written": 1,
        "not_dicom": 1,
        "no_lung": 1,
        "refused": {"its header has no FrameOfReferenceUID": 1},
        "look_at": ["study/lonely.dcm"],
    }
    assert sorted(f.relative_to(out / "dicom_seg").as_posix() for f in files_in(out)) == [
        "study/CT.seg.dcm",
        "study/lonely.dcm.png",
    ]
    assert (out / "masks" / "study" / "CT.nii.gz").is_file()
    sources = [dcmread(share / "study" / "CT" / f"{name}.dcm") for name in "cab"]
    plain = dcmread(out / "dicom_seg" / "study" / "CT.seg.dcm")
    assert (plain.Modality, plain.ManufacturerModelName) == ("SEG", "dark")
    read = hd.seg.segread(out / "dicom_seg" / "study" / "CT.seg.dcm")
    lung = read.get_pixels_by_source_instance([file.SOPInstanceUID for file in sources])[..., 0]
    dark = np.stack([file.pixel_array < 100 for file in sources])
    dice = 2 * (lung * dark).sum() / (lung.sum() + dark.sum())
    assert dice > 0.9  # the network finds what is dark, the slices lie upside down in their files


def files_in(out: Path) -> list[Path]:
    return [file for file in (out / "dicom_seg").rglob("*") if file.is_file()]


def test_a_run_that_goes_on_keeps_what_is_done_and_writes_the_rest(
    predict: Predict, share: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = (share, "--out", out, "--batch-size", 1, "--dicom-seg")
    predict(*arguments)
    whole = (out / "predictions.csv").read_bytes()
    record = (out / "run.json").read_bytes()
    [made] = [file for file in files_in(out) if file.name == "CT.seg.dcm"]
    first = made.read_bytes()
    lines = whole.splitlines(keepends=True)

    def go_on(done: int) -> dict[str, Any]:
        (out / "predictions.csv").unlink()
        (out / "run.json").unlink()
        (out / "predictions.csv.part").write_bytes(b"".join(lines[: done + 1]))
        (out / "run.json.part").write_bytes(record)
        predict(*arguments, "--resume")
        assert (out / "predictions.csv").read_bytes() == whole
        found: dict[str, Any] = json.loads((out / "run.json").read_text())["dicom_seg"]
        return found

    expected = json.loads(record)["dicom_seg"]
    assert go_on(len(lines) - 2) == expected
    assert made.read_bytes() == first
    made.unlink()
    assert go_on(0) == expected
    assert made.is_file()
    assert not list((out / "dicom_seg").rglob("CT*.png"))
    predict(share, "--out", out, "--overwrite")
    assert not (out / "dicom_seg").exists()


def test_pictures_alone_are_no_failure(predict: Predict, slices: Path, tmp_path: Path) -> None:
    code, said, _ = predict(slices, "--out", tmp_path / "out", "--dicom-seg")
    assert code == 0
    assert "is no DICOM 7" in said
    assert not (tmp_path / "out" / "dicom_seg").exists()


def test_without_the_extra_nothing_is_written(
    predict: Predict, slices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXTRAS, "dicom-seg", ("no_such_module",))
    code, _, errors = predict(slices, "--out", tmp_path / "out", "--dicom-seg")
    assert code == 2
    assert errors.count("\n") == 1 and "the extra [dicom-seg]" in errors
    assert not (tmp_path / "out").exists()


def test_the_extra_is_imported_by_nobody_else(
    predict: Predict, share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    predict(share, "--out", tmp_path / "out", "--masks")
    assert (tmp_path / "out" / "predictions.csv").is_file()
