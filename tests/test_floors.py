"""Imports only ever go down: pipelines, covidcls, lungseg."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize(
    ("package", "upper"), [("lungseg", {"covidcls", "pipelines"}), ("covidcls", {"pipelines"})]
)
def test_no_floor_imports_what_stands_above_it(
    repository: Path, package: str, upper: set[str]
) -> None:
    files = sorted((repository / package).rglob("*.py"))
    assert len(files) > 10
    climbing = [
        f"{file.relative_to(repository)}: {name}"
        for file in files
        for name in imported(file)
        if name.split(".")[0] in upper
    ]
    assert climbing == []


def test_albumentations_stays_behind_one_file(repository: Path) -> None:
    users = [
        file.relative_to(repository).as_posix()
        for package in ("lungseg", "covidcls", "pipelines")
        for file in (repository / package).rglob("*.py")
        if any(name.split(".")[0] == "albumentations" for name in imported(file))
    ]
    assert users == ["lungseg/augmentation.py"]


@pytest.mark.parametrize("module", ["lungseg.io", "lungseg.phantom", "lungseg.phantom.samples"])
def test_reading_and_drawing_slices_need_no_torch(repository: Path, module: str) -> None:
    program = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=repository).returncode == 0
