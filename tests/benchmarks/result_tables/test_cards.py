"""What cards say stands in the tables of the documents, each figure in its column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Figure = Callable[..., dict[str, Any]]
RowsOf = Callable[[str], list[dict[str, str]]]


@pytest.fixture
def tables(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("result_tables.cards")


def test_only_cards_are_read_in_the_order_of_their_names(
    tables: ModuleType, tmp_path: Path
) -> None:
    for name, content in {"b": {"kind": "classifier"}, "a": {"kind": "segmenter"}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "defaults.json").write_text(json.dumps({"segmenter": "a"}))
    assert [card["kind"] for card in tables.cards_in(tmp_path)] == ["segmenter", "classifier"]


def test_probabilities_and_thresholds_have_a_row_for_each_source(
    tables: ModuleType, figure: Figure, rows_of: RowsOf
) -> None:
    found = {"n": 1200, "brier": figure(0.2), "ece": figure(0.1), "ece_by_chance": 0.04}
    reached = {"recall": figure(0.7), "specificity": figure(0.6)}
    point = {"threshold": 0.5, "by_source": {"here": reached}}
    card = {
        "name": "net",
        "operating_points": {"youden": point},
        "reliability": {"here": {**found, "indeterminate": 1000}},
    }
    errors, points = tables.reliability([{"name": "other"}, card]).split("\n\n")
    [row] = rows_of(errors)
    assert row["calibration error"] == "0.100 (0.050 to 0.150), by chance 0.040"
    assert row["indeterminate"] == "1,000 of 1,200"
    [row] = rows_of(points)
    assert (row["threshold"], row["recall"]) == ("0.500", "0.700 (0.650 to 0.750)")


def test_patients_have_a_row_for_each_rule_and_each_operating_point(
    tables: ModuleType, figure: Figure, rows_of: RowsOf
) -> None:
    rule = {key: figure(value) for key, value in (("auc", 0.9), ("brier", 0.2), ("ece", 0.1))}
    point = {"threshold": 0.25, "recall": figure(0.8), "specificity": figure(0.7)}
    found = {"n": 9, "n_positive": 4, "default": "mean", "mean": rule, "max": rule}
    card = {"name": "net", "patients": {**found, "operating_points": {"youden": point}}}
    by_rule, at = tables.patients([{"name": "other"}, card]).split("\n\n")
    mean, highest = rows_of(by_rule)
    assert (mean["rule"], highest["rule"]) == ("mean (default)", "max")
    assert mean["patients / with COVID-19"] == "9 / 4" and mean["AUC"].startswith("0.900")
    assert mean["calibration error"].startswith("0.100")
    [youden] = rows_of(at)
    assert (youden["operating point"], youden["threshold"]) == ("youden", "0.250")
    assert youden["recall"].startswith("0.800") and youden["specificity"].startswith("0.700")


@pytest.fixture
def segmenter(figure: Figure) -> dict[str, Any]:
    """A card of stage 1 on slices with lungs, on other looks of them, and on slices without."""
    shares = {
        f"{key}_{part}": figure(0.1 * n)
        for n, (key, part) in enumerate(
            (key, part)
            for key in ("lesion_share", "expected_share")
            for part in ("error", "bias", "slope")
        )
    }
    lung = {"dice": figure(0.9), "worst_decile": figure(0.8), "lesion_dice_pooled": figure(0.7)}
    none = {"empty": {**figure(0.75), "n": 4}, "refused": {**figure(0.5), "n": 4}}
    figures = {"lungs": {**lung, **shares}, "stress: dark": {**lung, **shares}, "empty": none}
    return {"name": "net", "figures": figures, "training": {"seed": 7}}


def test_stage_one_has_a_row_for_each_data_set(
    tables: ModuleType, segmenter: dict[str, Any], rows_of: RowsOf
) -> None:
    lungs, _, empty = rows_of(tables.stage_one([segmenter]))
    assert lungs == {
        "network": "net, seed 7",
        "data": "lungs",
        "slices / patients": "8 / 4",
        "mean Dice": "0.900 (0.850 to 0.950)",
        "worst tenth": "0.800 (0.750 to 0.850)",
        "left empty where no lung": "-",
        "taken for no chest CT": "-",
        "lesion Dice, pooled": "0.700 (0.650 to 0.750)",
    }
    assert (empty["slices / patients"], empty["mean Dice"]) == ("4 / 4", "-")
    assert empty["left empty where no lung"] == "3 of 4"
    assert empty["taken for no chest CT"] == "2 of 4"


def test_stage_one_has_whole_sources_with_lungs_of_what_was_only_tried(
    tables: ModuleType, segmenter: dict[str, Any], rows_of: RowsOf
) -> None:
    tried = {**segmenter, "name": "other"}
    rows = rows_of(tables.stage_one([segmenter], [tried]))
    assert [row["data"] for row in rows if row["network"].startswith("other")] == ["lungs"]
    assert len(rows) == 3 + 1


def test_lesion_share_is_by_mask_and_by_probability_without_other_looks(
    tables: ModuleType, segmenter: dict[str, Any], rows_of: RowsOf
) -> None:
    mask, expected = rows_of(tables.lesion_share([segmenter]))
    assert [row["data"] for row in (mask, expected)] == ["lungs", "lungs"]
    kinds = ("share", "mean error", "bias", "slope")
    assert [mask[kind][:5] for kind in kinds] == ["mask", "0.000", "0.100", "0.200"]
    assert [expected[kind][:5] for kind in kinds] == ["expec", "0.300", "0.400", "0.500"]


@pytest.fixture
def classifier(figure: Figure) -> dict[str, Any]:
    """A card of stage 2."""
    names = ("auc", "accuracy", "recall", "specificity")
    recipe = {
        "model": {"mixup": 0.4, "learning_rate": 0.001},
        "data": {"size": 224, "augmentation": "paper"},
    }
    return {
        "name": "net",
        "architecture": "small",
        "region": "crop",
        "margin": 5,
        "normalise": "lung",
        "fusion": {},
        "figures": {"val": {name: figure(0.9 - n / 10) for n, name in enumerate(names)}},
        "floor": figure(0.55),
        "training": {
            "seed": 7,
            "started_from": "package",
            "epochs": 20,
            "best_epoch": 11,
            "data": "first",
            "recipe": recipe,
        },
        "parameters": 4_800_000,
        "half_precision_cost": {"validation_auc": -0.0003, "largest_difference": 0.01},
    }


def test_stage_two_has_each_figure_in_its_column(
    tables: ModuleType, classifier: dict[str, Any], rows_of: RowsOf
) -> None:
    assert rows_of(tables.stage_two([classifier])) == [
        {
            "network": "net, seed 7",
            "region": "crop",
            "start": "ImageNet",
            "epochs": "20 (kept: 12)",
            "validated on": "first",
            "AUC": "0.900 (0.850 to 0.950)",
            "accuracy": "0.800 (0.750 to 0.850)",
            "recall": "0.700 (0.650 to 0.750)",
            "specificity": "0.600 (0.550 to 0.650)",
            "floor: AUC without lungs": "0.550 (0.500 to 0.600)",
        }
    ]


def test_stage_two_of_two_sources_has_the_figures_and_the_floor_of_each(
    tables: ModuleType, classifier: dict[str, Any], figure: Figure, rows_of: RowsOf
) -> None:
    own = classifier["figures"]["val"]
    by_source = {"first": own, "other": {**own, "auc": figure(0.65)}, "mean_auc": 0.775}
    classifier["figures_by_source"] = {"val": by_source}
    classifier["floor_by_source"] = {"other": figure(0.5)}
    columns = ("validated on", "AUC", "floor: AUC without lungs")
    rows = rows_of(tables.stage_two([classifier]))
    assert [tuple(row[column][:5] for column in columns) for row in rows] == [
        ("first", "0.900", "-"),
        ("other", "0.650", "0.500"),
    ]


def test_figures_of_folds_are_told_apart_from_those_of_validation(
    tables: ModuleType, classifier: dict[str, Any], rows_of: RowsOf
) -> None:
    classifier["training"]["folds"] = {"score": [0.8] * 4}
    [row] = rows_of(tables.stage_two([classifier]))
    assert row["validated on"] == "first, 4 folds"
    [row] = rows_of(tables.tried([classifier]))
    assert row["validation AUC"].startswith("first, 4 folds 0.900")


def test_what_was_tried_is_told_by_its_recipe(
    tables: ModuleType, classifier: dict[str, Any], rows_of: RowsOf
) -> None:
    assert rows_of(tables.tried([classifier])) == [
        {
            "network": "small",
            "start": "ImageNet",
            "region": "crop",
            "margin": "5",
            "greys by": "lung",
            "with lesions": "yes",
            "input": "224 px",
            "augmentation": "paper",
            "mixup": "0.4",
            "rate": "0.001",
            "epochs": "20",
            "seed": "7",
            "validation AUC": "first 0.900 (0.850 to 0.950)",
        }
    ]


def test_weights_are_those_that_lie_beside_their_card(
    tables: ModuleType, classifier: dict[str, Any], rows_of: RowsOf, tmp_path: Path
) -> None:
    (tmp_path / "net.safetensors").write_bytes(bytes(2_500_000))
    (tmp_path / "net.json").write_text(json.dumps(classifier))
    seed_2 = {**classifier, "training": {**classifier["training"], "seed": 2}}
    gone = {**classifier, "name": "gone"}
    assert rows_of(tables.weights([classifier, seed_2, gone], tmp_path)) == [
        {
            "weights": "net",
            "parameters": "4.8 M",
            "file": "2.5 MB",
            "cost of half precision": "validation auc -0.0003, largest difference +0.0100",
        }
    ]
