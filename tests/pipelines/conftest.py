"""Folders of drawn slices, and the commands as processes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


@pytest.fixture
def slices(tmp_path: Path, drawn_slice: Callable[..., NDArray[np.uint8]]) -> Path:
    """A folder with seven slices, one of them in a sub-folder."""
    folder = tmp_path / "slices"
    (folder / "case").mkdir(parents=True)
    for number in range(6):
        Image.fromarray(drawn_slice(150 + 15 * number)).save(folder / f"slice{number}.png")
    Image.fromarray(drawn_slice()).save(folder / "case" / "slice.png")
    return folder


def write_ct(path: Path, drawn: NDArray[np.uint8], z: float, **tags: Any) -> None:
    """A CT slice of 2 mm pixels, as ``draw_slice`` draws it and with all that names its patient:
    lungs of -1290 in a body of -170 HU, upside down in its file."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    given = {
        "PatientID": "MRN-4711",
        "PatientName": "Muster^Erika",
        "PatientBirthDate": "19700101",
        "PatientComments": "Erika",
        "InstitutionName": "Erika-Klinik",
        "Manufacturer": "Muster",
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": generate_uid(entropy_srcs=[str(path)]),
        "SeriesInstanceUID": "1.2.3.4",
        "StudyInstanceUID": "1.2.3",
        "FrameOfReferenceUID": "1.2.5",
        "Modality": "CT",
        "ImageOrientationPatient": [1, 0, 0, 0, -1, 0],
        "ImagePositionPatient": [-90, 90, z],
        "PixelSpacing": [2, 2],
        "SliceThickness": 2,
        "RescaleSlope": 1,
        "RescaleIntercept": -1350,
        "Rows": drawn.shape[0],
        "Columns": drawn.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "PixelData": (drawn[::-1] * 5.88).astype("<u2").tobytes(),
        **tags,
    }
    for keyword, value in given.items():
        setattr(dataset, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


@pytest.fixture(scope="session")
def ct_file() -> Callable[..., None]:
    """``write_ct``."""
    return write_ct


@pytest.fixture
def predict(
    tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command in this process on the tiny weights: (exit code, stdout, stderr)."""
    from pipelines.predict import main

    def run(*arguments: object) -> tuple[int, str, str]:
        given = [str(one) for one in arguments]
        if "--weights" not in given:
            given += ["--weights", str(tiny_weights)]
        code = main(given)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="session")
def rows_of() -> Callable[[Path], list[dict[str, str]]]:
    """The rows of ``predictions.csv`` in a folder, under the columns that it should have."""
    from pipelines.results import COLUMNS

    def read(out: Path) -> list[dict[str, str]]:
        with (out / "predictions.csv").open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            assert tuple(reader.fieldnames or ()) == COLUMNS
            return list(reader)

    return read


@pytest.fixture(scope="session")
def content() -> Callable[[Path], dict[str, tuple[int, bytes]]]:
    """Every file below a folder with its time of change and its bytes."""

    def read(folder: Path) -> dict[str, tuple[int, bytes]]:
        return {
            str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.read_bytes())
            for file in folder.rglob("*")
            if file.is_file()
        }

    return read


@pytest.fixture(scope="session")
def assert_refused() -> Callable[..., None]:
    """Exit code 2, nothing on standard output, one line with some words on standard error."""

    def check(result: tuple[int, str, str], *words: str) -> None:
        code, said, error = result
        assert (code, said) == (2, "")
        assert error.count("\n") == 1
        assert "Traceback" not in error
        for word in words:
            assert word in error

    return check


@pytest.fixture
def predict_process(tiny_weights: Path, repository: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command as a process of its own on the tiny weights."""

    def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pipelines.predict", *map(str, arguments)]
        return subprocess.Popen(
            [*command, "--weights", str(tiny_weights), "--device", "cpu"],
            cwd=repository,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **options,  # type: ignore[call-overload]
        )

    return start


@pytest.fixture(scope="session")
def start_training(
    phantom_data: Path, covid_layout: Path, tiny_weights: Path, repository: Path
) -> Callable[..., subprocess.Popen[str]]:
    """Start ``train_seg`` or ``train_cls`` on tiny data, below ``folder``, as a process."""
    common = ["--trainer.accelerator=cpu", "--trainer.precision=32-true", "--data.workers=0"]
    of_command = {
        "train_seg": [
            f"--data.data_dir={phantom_data}",
            "--data.folder=phantoms",
            f"--data.split={phantom_data / 'split.json'}",
            "--data.size=64",
            "--data.batch_size=4",
            "--model.widths=[4,8,8,8,8,8]",
            "--model.learning_rate=0.01",
        ],
        "train_cls": [
            f"--data.data_dir={covid_layout}",
            f"--data.weights_dir={tiny_weights}",
            "--data.size=64",
            "--data.batch_size=4",
            "--model.arch=tf_efficientnet_lite0",
        ],
    }

    def start(command: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
        own = [f"--runs={folder / 'runs'}", f"--export_dir={folder / 'weights'}", "--name=tiny"]
        if command == "train_cls":
            own.append(f"--data.cache_dir={folder / 'cache'}")
        given = [*own, *of_command[command], *common, *map(str, arguments)]
        return subprocess.Popen(
            [sys.executable, "-m", f"pipelines.{command}", *given],
            cwd=repository,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",  # whatever the locale: Lightning writes more than ASCII
        )

    return start


@pytest.fixture(scope="session")
def killed_and_resumed(
    start_training: Callable[..., subprocess.Popen[str]],
) -> Callable[..., tuple[dict[str, Any], list[int]]]:
    """Kill a training of 24 epochs in the middle, go on: its card, and the epochs logged then."""

    def run(command: str, folder: Path, *more: str) -> tuple[dict[str, Any], list[int]]:
        epochs = ("--trainer.max_epochs=24", "--early_stopping.patience=99", "--report=false")
        options = (*epochs, *more)
        process = start_training(command, folder, *options)
        table = folder / "runs" / "tiny" / "csv" / "metrics.csv"
        while process.poll() is None and not (
            table.is_file() and table.read_text().count("\n") > 4
        ):
            time.sleep(0.05)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL  # else it was done, or failed, before
        assert not (folder / "weights").exists()
        done = table.read_text().count("\n") - 1
        said, errors = start_training(command, folder, *options, "--resume=true").communicate()
        assert said, errors
        with (folder / "runs" / "tiny" / "csv-2" / "metrics.csv").open(newline="") as file:
            after = [int(row["epoch"]) for row in csv.DictReader(file)]
        assert done - 1 <= after[0]  # at most the epoch of the kill is done again
        return json.loads(said), after

    return run
