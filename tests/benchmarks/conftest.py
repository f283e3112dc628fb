"""The scripts of benchmarks/ are no package: they are imported from their folder."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def benchmark_script(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ModuleType]:
    """Import a script of benchmarks/ by name."""
    folder = repository / "benchmarks"
    if not folder.is_dir():
        pytest.skip("benchmarks/ is not part of an installed package")
    monkeypatch.syspath_prepend(folder)
    return importlib.import_module
