"""The tables of the README are those of the cards and files beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("write_tables")


def test_the_readme_is_up_to_date(script: ModuleType, repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    assert script.with_tables(text) == text


def test_every_recipe_that_was_tried_is_a_row(script: ModuleType, repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    for path in sorted((repository / "benchmarks" / "tried").glob("*.json")):
        figures = json.loads(path.read_text())["figures"]
        figure = (
            figures["val"]["auc"] if "val" in figures else figures["validation lung-masks"]["dice"]
        )
        assert f"| {figure['value']:.3f}" in text, path
