"""The table of stage 1 and lungmask shows both, and says how each was run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def tables(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("result_tables.segmenters")


def test_the_table_has_both_speeds_and_says_what_was_compared(
    tables: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "against_lungmask.json"
    assert tables.against_lungmask(path) == "not measured"
    path.write_text(
        """{"machine": {"threads": 2, "processor": "P", "features": []}, "slices": 20, "size": 512,
        "lungmask": {"version": "0.2", "parameters": 31400000, "weights": "random"}, "aim": 50,
        "segmenter": "S", "speed": {"lungmask": {"batches": {"per_second": 1.5, "ratio": 1.0}},
        "openvino float32": {"batches": {"per_second": 60.0, "ratio": 40.0}}}}"""
    )
    said = tables.against_lungmask(path)
    assert "| lungmask | 1.50 (1) |" in said
    assert "| openvino float32 | 60.00 (40) |" in said
    assert "31 M parameters, random weights" in said
    assert "without its postprocessing" in said


def test_what_only_one_machine_has_is_a_dash_for_the_other(
    tables: ModuleType, tmp_path: Path
) -> None:
    def milliseconds(one: float) -> dict[str, float]:
        return {"milliseconds": one}

    machine = {"threads": 2, "processor": "P"}
    decoder = {"parameters": 2_000_000, "float32": milliseconds(4), "bfloat16": milliseconds(2)}
    apart = {"largest_difference": 0.25, "changed_share": 0.01}
    result = {
        "network": "net",
        "size": 256,
        "samples": 14,
        "machine": {**machine, "features": ["avx512f"]},
        "backends": {"torch": {"batch 1": milliseconds(40), **apart}},
        "decoders": {"first": decoder},
    }
    other = {
        **result,
        "machine": {**machine, "features": ["amx_tile"]},
        "backends": {"torch": {"batch 1": milliseconds(20), **apart, "largest_difference": 0.5}},
        "decoders": {"first": decoder, "another": {**decoder, "float32": milliseconds(8)}},
    }
    (tmp_path / "amx").mkdir()
    (tmp_path / "found.json").write_text(json.dumps(result))
    (tmp_path / "amx" / "found.json").write_text(json.dumps(other))
    said = tables.segmenter_speed(tmp_path / "found.json")
    assert "| backend | AVX-512, batch 1 | AMX, batch 1 |" in said
    assert "| torch | 40.0 | 20.0 | 0.50000 | 1.00 % |" in said
    assert "| another | 2.00 M | - | - | 8.0 (2.00) | 2.0 (1.00) |" in said
    assert "AVX-512: 2 threads on P (avx512f); AMX: 2 threads on P (amx_tile)" in said


def test_averages_and_thresholds_are_rows_and_the_shares_a_sentence(
    tables: ModuleType, tmp_path: Path, figure: Callable[..., dict[str, Any]]
) -> None:
    found = {"dice": figure(0.9), "worst_decile": figure(0.8), "lesion_dice_pooled": figure(0.7)}
    result = {
        "network": "net",
        "held_out": {"as it is": found},
        "elsewhere": {
            "data": "there",
            "slices": 7,
            "auc": {"as it is": {"mask": 0.5, "expected": 0.6}},
        },
    }
    (tmp_path / "found.json").write_text(json.dumps(result))
    row, said = tables.afterwards(tmp_path / "found.json").splitlines()[2::2]
    cells = [one.split()[0] for one in row.strip("| ").split(" | ")[1:]]
    assert cells == ["0.900", "0.800", "0.700"]
    assert said.endswith("on 7 slices of there: as it is 0.500 (0.600).")
