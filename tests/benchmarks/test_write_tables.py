"""The tables of README and docs are those of the cards and files beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("write_tables")


def test_the_tables_are_up_to_date(script: ModuleType) -> None:
    assert script.with_tables(script.documents()) == script.documents()


def test_a_table_without_its_place_is_told(script: ModuleType) -> None:
    texts = {name: text.replace("<!-- speed:", "<!--") for name, text in script.documents().items()}
    with pytest.raises(SystemExit, match="<!-- speed: .* stands in 0 of README.md, "):
        script.with_tables(texts)


def test_every_recipe_that_was_tried_is_a_row(script: ModuleType, repository: Path) -> None:
    text = "".join(script.documents().values())
    for path in sorted((repository / "benchmarks" / "tried").glob("*.json")):
        figures = json.loads(path.read_text())["figures"]
        figure = (
            figures["val"]["auc"] if "val" in figures else figures["validation lung-masks"]["dice"]
        )
        assert f"| {figure['value']:.3f}" in text, path
