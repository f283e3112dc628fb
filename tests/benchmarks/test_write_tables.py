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
    with pytest.raises(SystemExit, match="<!-- speed: .* stands 0 times in README.md, "):
        script.with_tables(texts)


def test_every_recipe_that_was_tried_is_a_row(script: ModuleType, repository: Path) -> None:
    lines = "".join(script.documents().values()).splitlines()
    for path in sorted((repository / "benchmarks" / "tried").glob("*.json")):
        card = json.loads(path.read_text())
        if card["kind"] == "segmenter":
            assert card["name"] == path.stem
            of_lungs = card["figures"]["validation lung-masks"]["dice"]["value"]
            said = [f"| {card['name']}, seed", "| validation lung-masks |", f"| {of_lungs:.3f}"]
        else:
            of_source = card.get("figures_by_source", {"val": {"covid-ct": card["figures"]["val"]}})
            said = [card["architecture"], f" {card['training']['epochs']} |"]
            said += [
                f"{name} {figures['auc']['value']:.3f}"
                for name, figures in of_source["val"].items()
                if name != "mean_auc"
            ]
        assert any(all(one in line for one in said) for line in lines), path
