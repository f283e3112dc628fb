"""How far backends are from each other: the figures, and the table that shows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pipelines.prediction import Prediction


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("backend_difference")


def prediction(probability: float | None, width: int = 10) -> Prediction:
    mask = np.zeros((20, 40), bool)
    mask[5:15, 5 : 5 + width] = probability is not None
    return Prediction(
        path="one",
        slice=0,
        status="no_lung" if probability is None else "ok",
        probability=probability,
        label=None if probability is None else "COVID" if probability >= 0.5 else "non-COVID",
        threshold=0.5,
        lung_fraction=float(mask.mean()),
        lesion_fraction=None,
        box=None if probability is None else (5, 5, 5 + width, 15),
        mask=mask,
        message="",
    )


def test_figures_of_a_pair(script: ModuleType) -> None:
    pairs = [
        (prediction(0.3), prediction(0.3)),
        (prediction(0.49), prediction(0.52, width=12)),
        (prediction(None), prediction(None)),
        (prediction(None), prediction(0.9)),
    ]
    said = script.summary([script.Difference.of(*pair) for pair in pairs])
    assert said == {
        "judged": 2,
        "probability_largest": 0.03,
        "probability_mean": 0.015,
        "probability_beyond": 1,
        "flips": 1,
        "statuses": 1,
        "dice_least": 0.0,
        "dice_mean": round((1 + 200 / 220 + 1 + 0) / 4, 6),
        "boxes_moved": 1,
        "within_bounds": False,
    }


@pytest.mark.parametrize(
    ("found", "within"),
    [
        (prediction(0.309), True),
        (prediction(0.311), False),
        (replace(prediction(0.3), label="COVID"), False),
        (prediction(0.3, width=11), False),
        (prediction(None), False),
    ],
)
def test_each_bound_counts(script: ModuleType, found: Prediction, within: bool) -> None:
    same = [(prediction(0.3), prediction(0.3))] * 9
    pairs = [*same, (prediction(0.3), found)]
    differences = [script.Difference.of(*pair) for pair in pairs]
    assert script.summary(differences)["within_bounds"] is within


def test_the_table_shows_every_pair(
    script: ModuleType, benchmark_script: Callable[..., ModuleType], tmp_path: Path
) -> None:
    figures = script.summary([script.Difference.of(prediction(0.3), prediction(0.301))])
    result = {"segmenter": "one", "classifier": "two", "data": ["ct"], "every": 10, "slices": 1}
    result["pairs"] = {"openvino + openvino": figures, "torch + openvino": figures}
    (tmp_path / "difference.json").write_text(json.dumps(result))
    said = benchmark_script("result_tables.predict").backends(tmp_path / "difference.json")
    assert (
        "| openvino + openvino | 0.0010 (0.0010) | 0 of 1 | 0 | 1.0000 (1.0000) | 0 | yes |" in said
    )
    assert said.count("| yes |") == 2
    assert "1 slices (ct, every 10. file), one and two" in said
