"""Each question at the top of the README has its own figure, and what is held against it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

Figure = Callable[..., dict[str, Any]]
RowsOf = Callable[[str], list[dict[str, str]]]


def run(precision: str, per_second: float) -> dict[str, Any]:
    """A run of a machine whose eager pair does 10 slices a second."""
    by = f"openvino {precision}"
    backend = {"segmenter": by, "classifier": by}
    return {"backend": backend, "per_second": per_second, "ratio": per_second / 10}


def speeds() -> dict[str, Any]:
    """Speeds of two machines; the result of the first is of before there were several backends."""

    def backends(float32: float, bfloat16: float) -> dict[str, Any]:
        both = {"float32": float32, "bfloat16": bfloat16}
        return {
            "backends": {
                f"OpenVINO {name}": {"batch 1": {"milliseconds": one}} for name, one in both.items()
            }
        }

    pair = {"milliseconds": {"A": 60.0, "B": 40.0}}
    return {
        "segmenter_speed": {"AVX-512": backends(16, 8), "AMX": backends(11, 5)},
        "predict_speed": {
            "AVX-512": {"eager": {**pair, **run("float32", 21.2), "ratio": 2.3}},
            "AMX": {
                "eager": {**pair, "predict": [run("float32", 50), run("bfloat16", 80)]},
                "pair": {**pair, "predict": [run("float32", 30)]},
            },
        },
    }


def test_every_question_has_its_figure_and_what_stands_against_it(
    benchmark_script: Callable[..., ModuleType], figure: Figure, rows_of: RowsOf
) -> None:
    held_out = {
        name: figure(value)
        for name, value in {"dice": 0.9, "worst_decile": 0.8, "lesion_dice_pooled": 0.7}.items()
    }
    cards = {
        "attention-unet-lite0": {"figures": {"held-out patients lung-masks": held_out}},
        "lesions-and-look": {
            "training": {"folds": {"score": [0.6] * 5}},
            "figures_by_source": {"val": {"covid-ct": {"auc": figure(0.61)}}},
            "floor_by_source": {"covid-ct": figure(0.62)},
        },
    }

    def seen(value: float) -> dict[str, Any]:
        return {"all": {"seen": {"energy_inside": figure(value), "lung_share": figure(0.3)}}}

    found: dict[str, Any] = {
        "transfer": {
            "rows": [
                {
                    "row": row,
                    "tested_on": data,
                    "seen": seen,
                    "auc": figure(value),
                    "recall": figure(value / 2),
                }
                for data, seen, first in (
                    ("covid-ct", "unseen", 0.1),
                    ("there", "unseen", 0.51),
                    ("there", "own validation", 0.9),
                )
                for row, value in zip(
                    ("look", "lesions-and-look", "lesion share alone"),
                    (first, first + 0.01, first + 0.02),
                    strict=True,
                )
            ]
        },
        "folds": {
            "rows": [
                {"name": "lesions", "auc": figure(0.45)},
                {"name": "lesions-and-look", "auc": figure(0.46)},
            ],
            "floors": [{"what": "forest, without lungs", "value": 0.44}],
        },
        "ablation": {
            "folds": 5,
            "seeds": [1, 2],
            "rows": [
                {"name": "full", "auc": figure(0.41)},
                {
                    "name": "crop-r5",
                    "auc": figure(0.42),
                    "against": {"auc": 0.01, "low": -0.1, "high": 0.12},
                },
                {"name": "background", "auc": figure(0.43)},
            ],
        },
        "explanation": {"classifiers": {"both": seen(0.31), "look": seen(0.32)}},
        "kill_and_resume": {
            "kills": 6,
            "rows": 11,
            "lost": 1,
            "doubled": 2,
            "different_files": ["a", "b", "c"],
        },
        "mutated_inputs": {"files": 99, "crashes": [1], "hangs": [1, 2], "undeclared": [1, 2, 3]},
    }
    table = benchmark_script("result_tables.glance").glance(cards, found, speeds())
    (
        lungs,
        lesions,
        elsewhere,
        home,
        folds,
        crop,
        inside,
        stage_one,
        speed,
        pair,
        killed,
        damaged,
    ) = ((row["figure"], row["to judge it by"]) for row in rows_of(table))
    value, beside = lungs
    assert value == "0.9000 (0.8500 to 0.9500)"
    assert beside.startswith("worst tenth 0.800 (0.750 to 0.850); they were measured several times")
    assert lesions[0].startswith("0.700")
    assert elsewhere[0].startswith("0.520")
    assert "recall 0.260" in elsewhere[1]
    assert "look alone 0.510" in elsewhere[1]
    assert "no class label, 0.530" in elsewhere[1]
    assert "but 0.120 (0.070 to 0.170) on COVID-CT, whose controls have" in elsewhere[1]
    assert home[0].startswith("0.610")
    assert "without lungs 0.620" in home[1]
    assert folds[0].startswith("0.460")
    assert folds[1].startswith("its lesions without the look 0.450")
    assert crop[0].startswith("0.420")
    assert crop[1].startswith("whole slice 0.410")
    assert "all but the lungs 0.430" in folds[1]
    assert "minus whole slice +0.010 (-0.100 to +0.120)" in crop[1]
    assert crop[1].endswith("all but the lungs 0.430 (0.380 to 0.480)")
    assert folds[1].endswith("forest 0.440")
    assert inside[0].startswith("0.310")
    assert "look alone 0.320" in inside[1]
    assert stage_one[0] == "AVX-512 16.0; AMX 11.0"
    assert stage_one[1].endswith("AVX-512 8.0; AMX 5.0")
    assert speed[0] == "AVX-512 21.2; AMX 50.0"
    assert speed[1].startswith("AVX-512 2.3, AMX 5.0 times A and B in eager torch; in bfloat16")
    assert speed[1].endswith("AMX 80.0 (8.0 times)")
    assert pair == ("AMX 30.0", "AMX 3.0 times A and B in eager torch")
    assert killed == ("1 of 11 rows lost", "2 doubled, 3 files differ")
    assert damaged == ("1 crashes", "2 hangs, 3 without a row")
