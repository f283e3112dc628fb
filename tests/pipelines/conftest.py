"""Folders of drawn slices, and the predict command as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
            text=True,
            **options,  # type: ignore[call-overload]
        )

    return start
