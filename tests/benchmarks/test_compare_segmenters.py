"""Networks and losses of stage 1 against each other: every variant trains, finished ones stay."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import yaml
from jsonargparse import ArgumentParser

from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.data.dataset import Sample
from lungseg.errors import UsageError
from lungseg.training import LungMaskModule


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("compare_segmenters")


def module_of(repository: Path, options: list[str]) -> LungMaskModule:
    """The module of the shipped recipe with ``options``, without its pretrained start."""
    parser = ArgumentParser()
    parser.add_class_arguments(LungMaskModule, "model")
    parser.add_argument("--data.size", type=int)
    parser.add_argument("--seed_everything", type=int)
    recipe = yaml.safe_load((repository / "configs/seg/attention_unet_lite0.yaml").read_text())
    base = parser.parse_object({"model": recipe["model"]})
    given = parser.parse_args([*options, "--model.pretrained=none"], namespace=base)
    module: LungMaskModule = parser.instantiate(given).model
    return module


def test_every_variant_trains_and_none_is_another(script: ModuleType, repository: Path) -> None:
    torch.manual_seed(0)
    batch = Sample(
        picture=torch.randint(0, 256, (2, 64, 64), dtype=torch.uint8),
        masks=(torch.rand(2, 2, 64, 64) > 0.5).to(torch.uint8),
        known=torch.tensor([[True, True], [True, False]]),
        chest=torch.tensor([1, 0]),
    )
    settings = []
    for name, variant in script.VARIANTS.items():
        if name in script.UNTRAINED:
            continue
        module = module_of(repository, variant.options())
        module.log_dict = lambda *_, **__: None  # type: ignore[assignment, method-assign]  # no trainer
        loss = module.training_step(batch, 0)
        loss.backward()
        gradient = module.network.encoder.get_parameter(
            next(n for n, _ in module.network.encoder.named_parameters())
        ).grad
        assert gradient is not None, name
        assert gradient.isfinite().all(), name
        assert gradient.abs().max() > 0, name
        elsewhere = variant.changed("data"), variant.changes.get("seed_everything")
        settings.append((module.architecture, vars(module.loss_settings), elsewhere))
    assert all(one not in settings[:n] for n, one in enumerate(settings))


def test_an_unknown_variant_names_the_nearest(script: ModuleType) -> None:
    assert script.chosen("dice,shipped") == ["shipped", "dice"]
    with pytest.raises(UsageError, match="no variant 'no-gate'; did you mean no-gates"):
        script.chosen("no-gate")


def test_the_variants_are_listed_without_work(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [*script.VARIANTS]


def test_a_run_that_was_cut_off_goes_on_with_the_changes_of_its_variant(script: ModuleType) -> None:
    given = argparse.Namespace(config=Path("c.yaml"), runs=Path("r"), data_dir=Path("d"), epochs=3)
    said = script.command("dice", given)
    assert {"--resume=true", "--test=false", "--trainer.max_epochs=3"} <= set(said)
    assert {"--model.loss.region=dice", "--model.loss.bce=0.0"} <= set(said)


@pytest.fixture
def runs(tiny_weights: Path, tmp_path: Path) -> Path:
    """The folder of three finished variants that have the same weights."""
    dark = load_checkpoint(tiny_weights / "dark.safetensors", "segmenter")
    figure = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 4, "n_groups": 2}
    card = {
        **dark.card,
        "parameters": 1234567,
        "loss": {"region": "dice"},
        "figures": {"validation phantoms": {"dice": figure, "worst_decile": figure, "n": 3}},
        "training": {
            "epochs_asked": 2,
            "seed": 7,
            "steps": 20,
            "minutes": 3.4,
            "resumed": False,
            "best_epoch": 1,
            "split_sha256": "abc",
            "recipe": {"model": {"gates": False}, "data": {"size": 64}},
        },
    }
    for name in ("shipped", "no-gates", "another-seed"):
        save_checkpoint(tmp_path / "weights", name, dark.tensors, card)
    return tmp_path


def test_what_is_finished_is_compared_and_not_trained_again(
    script: ModuleType,
    benchmark_script: Callable[..., ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    phantom_data: Path,
    runs: Path,
) -> None:
    config = runs / "recipe.yaml"
    section = {"folder": "phantoms", "split": str(phantom_data / "split.json"), "size": 64}
    config.write_text(yaml.safe_dump({"data": section}))
    monkeypatch.setattr(script, "SOURCES", ("phantoms",))
    options: dict[str, Any] = {
        "--only": "no-gates,classic",
        "--epochs": 2,
        "--runs": runs,
        "--config": config,
        "--data-dir": phantom_data,
        "--repeats": 1,
        "--threads": 1,
        "--out": runs / "compared.json",
    }
    assert script.main([str(part) for pair in options.items() for part in pair]) == 0
    result = json.loads((runs / "compared.json").read_text())
    assert (result["epochs"], result["seed"], result["steps"]) == (2, 7, 20)
    untrained = ["classic", "averaged-copies", "two-seeds"]
    assert [*result["variants"]] == [
        "shipped",
        "no-gates",
        "classic",
        "another-seed",
        *untrained[1:],
    ]
    base, trained, classic, _, copies, both = result["variants"].values()
    assert base["against_shipped"] is None
    same = trained["against_shipped"]["dice"]
    assert (same["value"], same["low"], same["high"]) == (0, 0, 0)
    assert classic["against_shipped"]["dice"]["value"] > 0.1
    assert "lesion_dice_pooled" not in classic["against_shipped"]
    assert trained["figures"]["phantoms"].keys() == {"dice", "worst_decile"}
    assert (trained["minutes"], trained["model"]) == (3.4, {"gates": False})
    assert classic["figures"]["phantoms"]["dice"]["value"] > 0.8
    assert min(trained["milliseconds"], classic["milliseconds"]) > 0
    assert copies["milliseconds"] > base["milliseconds"]  # of four looks; by how much is the load
    assert (copies["parameters"], both["parameters"]) == (1234567, 2 * 1234567)
    assert both["against_shipped"]["dice"] == same  # of twice the same weights

    tables = benchmark_script("result_tables.segmenters")
    monkeypatch.setattr(tables, "COMPARED_ON", ("phantoms",))
    lines = tables.compared(runs / "compared.json").splitlines()
    assert "0.900 (0.800 to 0.950)" in lines[3]
    assert "| +0.000 (+0.000 to +0.000) |" in lines[3]
    assert "| 1.2 M |" in lines[3]
    assert lines[3].endswith("| 3 |")
    assert lines[4].startswith("| classic: ")
    assert tables.compared(runs / "missing.json") == "not measured"


def test_a_variant_of_other_epochs_is_refused(script: ModuleType, runs: Path) -> None:
    with pytest.raises(UsageError, match="trained for 2 epochs, not 5; give --epochs 2"):
        script.finished("no-gates", argparse.Namespace(runs=runs, epochs=5))


def test_variants_of_two_recipes_are_no_comparison(script: ModuleType) -> None:
    def card(seed: int, size: int) -> dict[str, Any]:
        recipe = {"data": {"size": size}, "model": {"gates": seed > 1}}
        return {"training": {"seed": seed, "steps": 9, "split_sha256": "a", "recipe": recipe}}

    cards = {"shipped": card(1, 64), "dice": card(1, 64)}
    assert script.common_recipe(cards)["data"] == {"size": 64}
    assert script.common_recipe({})["seed"] is None
    with pytest.raises(UsageError, match="bce and shipped were trained with another seed and data"):
        script.common_recipe({**cards, "bce": card(2, 32)})
    assert script.common_recipe({**cards, "more-pixels": card(1, 80)})["data"] == {"size": 64}
    assert script.common_recipe({**cards, "another-seed": card(2, 64)})["seed"] == 1
