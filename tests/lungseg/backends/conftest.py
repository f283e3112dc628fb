"""The tiny checkpoints with their graphs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.export import main


@pytest.fixture(scope="session")
def exported(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``tiny_weights`` after ``python -m pipelines.export``."""
    folder = tmp_path_factory.mktemp("exported")
    shutil.copytree(tiny_weights, folder, dirs_exist_ok=True)
    assert main(["--weights", str(folder), "--quiet"]) == 0
    return folder
