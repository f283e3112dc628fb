"""What the readers see, for a person and as JSON, without who the patient is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from pipelines.inspect import main
from pipelines.read_ahead import read_ahead

IDS = (b"Muster", b"MRN-4711", b"19700101", b"1.2.3.4")
Inspect = Callable[..., tuple[int, str]]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A series of five slices without the fourth, a coronal slice, a volume and a broken file."""
    ramp = np.linspace(-1000, 1000, 64 * 64).reshape(64, 64).astype(np.int16)
    folder = tmp_path / "study"
    (folder / "CT").mkdir(parents=True)
    for index in (0, 1, 2, 4):
        _write(folder / "CT" / f"{index}.dcm", ramp, f"0\\0\\{5 * index}", "1\\0\\0\\0\\1\\0")
    _write(folder / "coronal.dcm", ramp, "0\\0\\0", "1\\0\\0\\0\\0\\-1")
    volume = SimpleITK.GetImageFromArray(np.stack([ramp, ramp]))
    volume.SetSpacing((0.5, 0.75, 2.0))
    SimpleITK.WriteImage(volume, str(folder / "volume.mha"))
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("not an input")
    return folder


def _write(path: Path, hu: np.ndarray, position: str, orientation: str) -> None:
    image = SimpleITK.GetImageFromArray(hu[None])
    for tag, value in {
        "0008|0060": "CT",
        "0010|0010": "Muster^Erika",
        "0010|0020": "MRN-4711",
        "0010|0030": "19700101",
        "0020|000e": "1.2.3.4",
        "0020|0032": position,
        "0020|0037": orientation,
    }.items():
        image.SetMetaData(tag, value)
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    writer.SetFileName(str(path))
    writer.Execute(image)


@pytest.fixture
def inspect(capsys: pytest.CaptureFixture[str]) -> Inspect:
    """Run the command: exit code and standard output."""

    def run(*arguments: object) -> tuple[int, str]:
        code = main([*map(str, arguments), "--quiet"])
        return code, capsys.readouterr().out

    return run


def by_path(said: str) -> dict[str, dict[str, Any]]:
    return {one["path"]: one for one in json.loads(said)["inputs"]}


def test_every_input_is_described(inspect: Inspect, study: Path) -> None:
    code, said = inspect(study, "--json")
    assert code == 3
    found = by_path(said)
    assert set(found) == {"CT", "broken.png", "coronal.dcm", "volume.mha"}
    series = found["CT"]
    assert (series["slices"], series["step"], series["scale"]) == (4, 5, "hu")
    assert [count for said, count in series["messages"].items() if "missing" in said] == [1]
    assert found["coronal.dcm"]["not_ct"] == 1
    assert (found["volume.mha"]["spacing"], found["volume.mha"]["step"]) == ([0.75, 0.5], 2)
    assert (found["broken.png"]["slices"], found["broken.png"]["unreadable"]) == (0, 1)
    assert str(study) not in " ".join(found["broken.png"]["messages"])
    assert json.loads(said)["ignored_files"] == 1


def test_the_table_names_what_is_wrong(inspect: Inspect, study: Path) -> None:
    code, said = inspect(study)
    assert code == 3
    assert "slices are missing" in said and "(1 of 4 slices)" in said
    assert "a coronal slice, expected axial" in said
    assert "7 slices in 4 inputs; 1 other files ignored (.txt 1)" in said


def test_16_bit_pictures_are_hu_where_the_user_says_so(inspect: Inspect, tmp_path: Path) -> None:
    ramp = np.linspace(0, 2000, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "slice.png")
    for options, scale in ([], "display"), (["--hu-offset", 1024], "hu"):
        said = inspect(tmp_path / "slice.png", "--json", *options)[1]
        assert [one["scale"] for one in json.loads(said)["inputs"]] == [scale]


def test_results_of_earlier_runs_are_left_out_and_counted(inspect: Inspect, study: Path) -> None:
    (study / "out" / "overlays").mkdir(parents=True)
    shutil.copy(study / "broken.png", study / "out" / "overlays")
    (study / "out" / "run.json.part").write_text('{"tool": "lungseg-covid predict"}')
    said = inspect(study)[1]
    assert "7 slices in 4 inputs" in said
    assert "1 folders with results of earlier runs left out" in said


def test_a_table_of_contents_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.filewriter import write_file_meta_info
    from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    with (tmp_path / "DICOMDIR").open("wb") as file:
        file.write(bytes(128) + b"DICM")
        write_file_meta_info(file, meta, enforce_standard=False)
    assert main([str(tmp_path / "DICOMDIR")]) == 2
    assert "pass the folder that it lies in" in capsys.readouterr().err


def test_what_is_well_ends_well(inspect: Inspect, study: Path) -> None:
    assert inspect(study / "volume.mha")[0] == 0


def test_decoding_has_the_workers_and_the_seconds_that_are_given(
    inspect: Inspect, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a file that hangs or crashes its decoder costs one message."""
    asked = []

    def reading(inputs: Any, workers: int, *args: Any, seconds: float) -> Any:
        asked.append((workers, seconds))
        return read_ahead(inputs, workers, *args, seconds=seconds)

    monkeypatch.setattr("pipelines.read_ahead.read_ahead", reading)
    here = inspect(study, "--json", "--workers", "0", "--timeout", "7")
    assert here == inspect(study, "--json", "--workers", "3")
    assert here[0] == 3
    assert asked == [(0, 7.0), (3, 120.0)]


def test_ids_stay_in_the_file_unless_asked_for(inspect: Inspect, study: Path) -> None:
    for arguments in ((), ("--json",), ("--pseudonymise", "key")):
        said = inspect(study, *arguments)[1]
        assert not any(name in said.encode() for name in IDS), arguments
    kept = by_path(inspect(study, "--json", "--keep-ids")[1])["CT"]["identity"]
    assert (kept["patient_id"], kept["birth_date"]) == ("MRN-4711", "19700101")


def test_pseudonyms_tell_who_is_the_same(inspect: Inspect, study: Path, tmp_path: Path) -> None:
    first = by_path(inspect(study, "--json", "--pseudonymise", "key")[1])["CT"]["identity"]
    shutil.copytree(study / "CT", tmp_path / "again")
    again = by_path(inspect(tmp_path / "again", "--json", "--pseudonymise", "key")[1])
    assert again["again"]["identity"] == first
    other = by_path(inspect(study, "--json", "--pseudonymise", "other")[1])["CT"]["identity"]
    assert other["patient_id"] != first["patient_id"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--pseudonymise", " "), "an empty KEY hides nothing"),
        (("--keep-ids", "--pseudonymise", "x"), "not allowed with"),
        (("--keepids",), "did you mean --keep-ids"),
    ],
)
def test_wrong_options_are_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], word: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["folder", *arguments])
    assert ended.value.code == 2
    assert word in capsys.readouterr().err
