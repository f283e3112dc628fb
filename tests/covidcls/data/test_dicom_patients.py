"""DICOM files of one patient are one patient, by a name that nobody knows them by."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file

from covidcls.data.dicom_patients import dicom_patients
from covidcls.data.pictures import divide, read_class_folders


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two classes: patients A (both classes) and B, two studies of nobody, a picture, damage."""
    data = dcmread(str(get_testdata_file("CT_small.dcm")))
    for path, patient, study in (
        ("COVID/a1", "A", "1.1"),
        ("COVID/a2", "A ", "1.2"),
        ("other/a3", "A", "1.3"),
        ("other/b1", "B", "1.4"),
        ("other/n1", "", "1.5"),
        ("other/n2", "", "1.5"),
        ("other/n3", "", "1.6"),
    ):
        data.PatientID, data.StudyInstanceUID = patient, study
        (tmp_path / path).parent.mkdir(exist_ok=True)
        data.save_as(tmp_path / path)
    Image.new("L", (9, 9)).save(tmp_path / "other" / "picture.png")
    (tmp_path / "other" / "torn.dcm").write_bytes((tmp_path / "COVID" / "a1").read_bytes()[:200])
    return tmp_path


def test_files_of_one_patient_have_one_name_and_no_id(folders: Path) -> None:
    found = {one.path.name: one.patient for one in read_class_folders(folders)}
    assert found.pop("picture.png") == "file:other/picture.png"
    assert found.pop("torn.dcm") == "file:other/torn.dcm"
    assert found == {
        **dict.fromkeys(("a1", "a2", "a3"), "dicom:COVID/a1"),
        "b1": "dicom:other/b1",
        **dict.fromkeys(("n1", "n2"), "dicom:other/n1"),
        "n3": "dicom:other/n3",
    }
    assert dicom_patients(folders, ["other/a3"]) == {"other/a3": "dicom:other/a3"}


def test_no_patient_is_on_two_sides(folders: Path) -> None:
    pictures = read_class_folders(folders)
    for seed in range(20):
        parts = divide(pictures, 0.5, seed)
        train, val = ({one.patient for one in parts[part]} for part in ("train", "val"))
        assert not train & val
