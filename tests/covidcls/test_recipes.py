"""The recipes of stage 2 are options that the training knows."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonargparse import ArgumentParser

from covidcls.data.module import CovidDataModule
from covidcls.training import CovidModule
from covidcls.zoo import architecture

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "cls"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_recipe_has_options_that_exist_and_fit(file: Path) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(CovidDataModule, "data")
    parser.add_class_arguments(CovidModule, "model")
    recipe = yaml.safe_load(file.read_text(encoding="utf-8"))
    given = parser.parse_object({key: recipe[key] for key in ("data", "model")})
    needed = architecture(given.model.arch).channels
    assert needed in (None, given.data.channels)
