"""What an installation carries: weights, configs, every package; and that it works elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

MAX_WEIGHTS = 70e6  # bytes of all shipped weights together


def test_every_folder_with_python_files_is_a_listed_package(repository: Path) -> None:
    settings = tomllib.loads((repository / "pyproject.toml").read_text())
    listed = set(settings["tool"]["setuptools"]["packages"])
    found = {
        ".".join(file.parent.relative_to(repository).parts)
        for top in ("lungseg", "covidcls", "pipelines")
        for file in (repository / top).rglob("*.py")
    }
    assert found <= listed
    configs = {p.parent.name for p in (repository / "configs").rglob("*.*")}
    assert {f"pipelines._configs.{name}" for name in configs} <= listed


def test_the_shipped_weights_stay_small(repository: Path) -> None:
    weights = list((repository / "checkpoints").glob("*.safetensors"))
    assert weights
    assert sum(file.stat().st_size for file in weights) <= MAX_WEIGHTS


@pytest.mark.slow
def test_a_built_wheel_predicts_in_another_folder(repository: Path, tmp_path: Path) -> None:
    """The wheel is unpacked beside nothing of the checkout; the libraries are those of this run."""
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
    ]
    subprocess.run([*command, str(repository)], check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    samples = repository / "samples"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "pipelines.predict", str(samples), "--json", "--device", "cpu"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert (elsewhere / "predictions" / "predictions.csv").is_file()
    where = subprocess.run(
        [sys.executable, "-c", "import lungseg; print(lungseg.__file__)"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(site) in where.stdout
    assert (site / "pipelines" / "_configs" / "seg" / "attention_unet.yaml").is_file()
