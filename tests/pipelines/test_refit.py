"""The command refit on drawn slices and a tiny network."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightning  # noqa: F401  # now: its log goes to what standard error is at its import
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image

from covidcls.classifier import CovidClassifier
from covidcls.data.learned import read_learned
from covidcls.export import LEARNED_BY_HEART
from lungseg.errors import UsageError
from pipelines.ablate_cells import train_here
from pipelines.refit import main
from pipelines.refit_study import refit


@pytest.fixture(scope="module")
def recipe(
    tiny_weights: Path,
    tmp_path_factory: pytest.TempPathFactory,
    drawn_slice: Callable[..., NDArray[np.uint8]],
) -> dict[str, Any]:
    """An epoch of a small network on two data sets of 8 + 8 drawn slices each, no two alike."""
    root, rng = tmp_path_factory.mktemp("sets"), np.random.default_rng(0)
    for name in ("one", "other"):
        for label, shade in (("COVID", 150), ("NonCOVID", 100)):
            (root / name / label).mkdir(parents=True)
            for number in range(8):
                tissue = np.kron(rng.integers(0, 80, (8, 8)), np.ones((12, 12))).astype(np.uint8)
                drawn = drawn_slice(shade)
                picture = np.where(drawn == shade, drawn + tissue, drawn)
                Image.fromarray(picture).save(root / name / label / f"{number}.png")
    return {
        "name": "of-all",
        "seed_everything": 3,
        "trainer": {
            "max_epochs": 1,
            "check_val_every_n_epoch": 1,
            "accelerator": "cpu",
            "precision": "32-true",
        },
        "model": {"arch": "tf_efficientnet_lite0"},
        "data": {
            "sources": [{"folder": str(root / name)} for name in ("one", "other")],
            "weights_dir": str(tiny_weights),
            "cache_dir": str(tmp_path_factory.mktemp("cache")),
            "size": 32,
            "batch_size": 4,
            "workers": 0,
        },
    }


@pytest.fixture(scope="module")
def refitted(
    recipe: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("refit") / "out"
    return out, refit(recipe, out, 2, train=train_here)


def test_one_network_learns_every_label_and_its_folds_make_the_card(
    refitted: tuple[Path, dict[str, Any]],
) -> None:
    out, card = refitted
    cells = {folder.name: folder for folder in (out / "cells").iterdir()}
    assert cells.keys() == {"of-all-everything-seed3", "of-all-seed3-fold0", "of-all-seed3-fold1"}
    own = json.loads((cells["of-all-everything-seed3"] / "network.json").read_text())
    assert own["reading"] == LEARNED_BY_HEART
    assert own["training"]["train"]["images"] == own["training"]["val"]["images"] == 32
    assert own["training"]["audit"]["floors"]
    assert card["sha256"] == own["sha256"]
    judged = [
        (cells[f"of-all-seed3-fold{fold}"] / "predictions.csv").read_text().splitlines()[1:]
        for fold in (0, 1)
    ]
    assert len({line.split(",")[0] for rows in judged for line in rows}) == 32
    assert card["figures"]["val"]["auc"]["n"] == 32
    assert card["figures_by_source"]["val"]["other"]["auc"]["n"] == 16
    assert card["floor_by_source"].keys() == {"one", "other"}
    assert card["calibration"] != own["calibration"]
    assert len(read_learned(out / "of-all.safetensors", card) or ()) == 32
    assert (
        CovidClassifier.from_checkpoint(out / "of-all.safetensors").threshold == (card["threshold"])
    )


def test_the_command_takes_what_is_trained_and_prints_figures_beside_floors(
    refitted: tuple[Path, dict[str, Any]],
    recipe: dict[str, Any],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out, card = refitted
    logs = {log: log.read_bytes() for log in out.glob("cells/*/log.txt")}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    arguments = [f"--config={tmp_path / 'recipe.yaml'}", "--folds=2", f"--out={out}", "--quiet"]
    assert main(arguments) == 0
    said = capfd.readouterr().out
    assert logs == {log: log.read_bytes() for log in out.glob("cells/*/log.txt")}  # none trained
    assert "of-all, out of fold" in said
    assert "of-all, other" in said
    assert "floor without lungs, other" in said
    assert json.loads((out / "of-all.json").read_text()) == card


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"trainer": {"max_epochs": 3}}, "no validation to choose an epoch.*3 and 1 now"),
        (
            {"trainer": {"max_epochs": 3, "check_val_every_n_epoch": 4}},
            "no validation to choose an epoch.*3 and 4 now",
        ),
        ({"trainer": {}}, "no validation to choose an epoch"),
        ({"data": {"fold": 1}}, "a refit sets data.fold itself"),
        ({"test": True}, "leaves held-out data alone"),
        ({"name": "a/b"}, "no name of a file"),
        ({"seed_everything": "abc"}, "seed_everything should be a whole number, and is 'abc'"),
        ({"trainer": 3}, "trainer should be options by name, such as max_epochs: 10, and is 3"),
        ({"data": 5}, "data should be options by name, such as region: crop, and is 5"),
        ({"data": {"size": "abc"}}, "data.size.* Got value: abc"),
        ({"data": {"siez": 32}}, "siez"),
    ],
)
def test_what_a_refit_cannot_do_is_refused_before_training(
    recipe: dict[str, Any], tmp_path: Path, options: dict[str, Any], expected: str
) -> None:
    def train(arguments: Sequence[str], log: Path) -> int:
        raise AssertionError("trained")

    with pytest.raises(UsageError, match=expected):
        refit({**recipe, **options}, tmp_path / "out", 2, train=train)
    assert not (tmp_path / "out").exists()


def test_data_that_changed_since_the_folds_were_judged_are_noticed(
    recipe: dict[str, Any], refitted: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out, _ = refitted
    first = Path(recipe["data"]["sources"][0]["folder"]) / "COVID" / "0.png"
    kept = first.read_bytes()
    first.unlink()
    try:
        with pytest.raises(
            UsageError, match="labels or patients changed since of-all-everything-seed3 was"
        ):
            refit(recipe, out, 2, train=train_here)
    finally:
        first.write_bytes(kept)


def test_data_that_cannot_be_divided_are_told_before_training(
    recipe: dict[str, Any], tmp_path: Path
) -> None:
    def train(arguments: Sequence[str], log: Path) -> int:
        raise AssertionError("trained")

    with pytest.raises(UsageError, match="fold"):
        refit(recipe, tmp_path / "out", 9, train=train)
    assert not (tmp_path / "out").exists()
