"""What is measured of a light install: its packages on disk, and the first row of a run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("light_install")


def test_a_package_counts_with_its_libraries_and_pip_does_not(
    script: ModuleType, tmp_path: Path
) -> None:
    for name, size in {"numpy": 3, "numpy.libs": 4, "cv2": 2, "pip": 50, "setuptools": 9}.items():
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "inner" / "content").write_bytes(bytes(size * 1_000_000))
    found = script.megabytes(tmp_path)
    assert found == pytest.approx({"all": 9, "numpy": 7, "cv2": 2}, abs=0.2)
    assert list(found) == ["all", "numpy", "cv2"]


def test_a_run_without_a_row_is_no_measurement(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended before its first row"):
        script.first_row(Path(sys.executable), tmp_path, "missing")
