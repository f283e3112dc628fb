"""Who the patient is reaches no result unasked, and then as far as it was asked for."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom import dcmread

from lungseg.io.identity import pseudonym

Predict = Callable[..., tuple[int, str, str]]
Draw = Callable[..., NDArray[np.uint8]]

Write = Callable[..., None]

NAMED = ("Muster", "Erika", "MRN-4711", "19700101")


@pytest.fixture
def share(tmp_path: Path, ct_file: Write, drawn_slice: Draw) -> Path:
    """A DICOM series, a picture, and volumes, each with the patient in its header."""
    folder = tmp_path / "share"
    folder.mkdir()
    for index in range(2):
        ct_file(folder / "CT" / f"{index}.dcm", drawn_slice(), index)
    ct_file(folder / "torn.dcm", drawn_slice(), 0, SeriesInstanceUID="1.2.3.5")
    torn = folder / "torn.dcm"
    torn.write_bytes(torn.read_bytes()[:-100])
    text = PngInfo()
    text.add_text("Comment", "Muster, Erika, MRN-4711")
    Image.fromarray(drawn_slice()).save(folder / "a.png", pnginfo=text)
    hu = (drawn_slice().T[..., None] * 5.88 - 1350).astype(np.int16)
    image = nibabel.Nifti1Image(hu, np.diag([2.0, 2, 2, 1]))
    image.header["descrip"] = b"Muster^Erika MRN-4711"
    nibabel.save(image, folder / "b.nii.gz")
    header = {
        "space": "left-posterior-superior",
        "space directions": np.eye(3) * 2,
        "space origin": [0, 0, 0],
        "PatientName": "Muster^Erika",
    }
    nrrd.write(str(folder / "c.nrrd"), hu, header)
    return folder


def results(out: Path) -> dict[str, bytes]:
    """All files of a run, unpacked."""
    found = {}
    for file in out.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            found[file.name] = gzip.decompress(content) if file.suffix == ".gz" else content
            if file.suffix == ".png":
                found[file.name] += str(Image.open(file).info).encode()
    return found


def column(out: Path, table: str) -> list[tuple[str, str]]:
    with (out / table).open(encoding="utf-8", newline="") as file:
        return [(row["path"], row["patient_id"]) for row in csv.DictReader(file)]


def test_no_result_names_the_patient(predict: Predict, share: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, errors = predict(share, "--out", out, "--masks", "--dicom-seg")
    assert code == 3
    found = results(out)
    assert {"CT.nii.gz", "CT.seg.dcm", "b.nii.gz.nii.gz", "report.html"} <= set(found)
    for name, content in {**found, "said": (said + errors).encode()}.items():
        for known in NAMED:
            assert known.encode() not in content, (name, known)
    assert b"patient" not in found["predictions.csv"] + found["cases.csv"]


def test_a_key_gives_stable_names_and_stays_secret(
    predict: Predict, share: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = (share, "--out", out, "--dicom-seg", "--pseudonymise", "Xanthippe Q")
    predict(*arguments)
    hashed = pseudonym("MRN-4711", "Xanthippe Q")
    assert column(out, "predictions.csv") == [
        ("CT", hashed),
        ("CT", hashed),
        ("a.png", ""),
        ("b.nii.gz", ""),
        ("c.nrrd", ""),
        ("torn.dcm", hashed),
    ]
    assert column(out, "cases.csv")[0] == ("CT", hashed)
    object_ = dcmread(out / "dicom_seg" / "CT.seg.dcm")
    assert (object_.PatientID, object_.PatientName) == (hashed, "")
    for name, content in results(out).items():
        for known in (*NAMED, "Xanthippe"):
            assert known.encode() not in content, (name, known)
    code, _, errors = predict(*arguments[:-1], "Xanthippus", "--resume")
    assert code == 2 and "--pseudonymise" in errors and "Xanthipp" not in errors


def test_ids_are_kept_on_request(predict: Predict, share: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    predict(share, "--out", out, "--keep-ids", "--dicom-seg")
    assert column(out, "cases.csv")[:2] == [("CT", "MRN-4711"), ("a.png", "")]
    object_ = dcmread(out / "dicom_seg" / "CT.seg.dcm")
    assert (object_.PatientID, object_.PatientName) == ("MRN-4711", "Muster^Erika")
    assert json.loads((out / "run.json").read_text())["options"]["keep_ids"] is True


def test_a_run_goes_on_with_the_column(predict: Predict, share: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = (share, "--out", out, "--batch-size", 1, "--pseudonymise", "key")
    predict(*arguments)
    whole = (out / "predictions.csv").read_bytes()
    cases = (out / "cases.csv").read_bytes()
    (out / "predictions.csv").unlink()
    (out / "run.json").rename(out / "run.json.part")
    part = b"".join(whole.splitlines(keepends=True)[:3])
    (out / "predictions.csv.part").write_bytes(part)
    predict(*arguments, "--resume")
    assert (out / "predictions.csv").read_bytes() == whole
    assert (out / "cases.csv").read_bytes() == cases


def test_both_at_once_are_wrong_use(predict: Predict, share: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        predict(share, "--out", tmp_path / "out", "--keep-ids", "--pseudonymise", "key")
