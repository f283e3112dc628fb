"""Memories, losses and crashes of predict stand in the tables of the documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def tables(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("result_tables.predict")


def test_the_table_says_how_far_the_memories_are_apart(tables: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "predict_speed.json"
    result = {"cores": 2, "speed": {}}
    path.write_text(json.dumps(result))
    assert "memory" not in tables.speed(path)
    peaks = {"100": 500.0, "10000": 530.0}
    path.write_text(json.dumps({**result, "memory": {"side": 256, "peak_mib": peaks}}))
    said = tables.speed(path)
    assert "2 cores" in said
    assert "100 inputs 500 MiB, 10,000 inputs 530 MiB (6 % apart)" in said


def test_machines_are_columns_and_what_one_lacks_is_a_dash(
    tables: ModuleType, tmp_path: Path
) -> None:
    by = {"segmenter": "openvino float32", "classifier": "openvino float32"}
    pair = {"milliseconds": {"A": 60.0, "B": 40.0}, "slices": 7, "one_at_a_time_per_second": 10.0}
    stage = {"one_at_a_time_per_second": 2.0, "per_second": 3.0, "ratio": 1.5}
    before = {
        "machine": {"features": ["avx512f"]},
        "cores": 2,
        "speed": {"stage 1": stage},
        "eager": {**pair, "backend": by, "per_second": 20.0, "ratio": 2.0},
    }
    shipped = {"networks": "the shipped default", "backend": by, "judged": 6, "per_second": 50.0}
    others = {"networks": "C and D", "backend": by, "judged": 5, "per_second": 30.0, "ratio": 3.0}
    after = {
        "machine": {"features": ["avx512f", "amx_tile"]},
        "cores": 2,
        "speed": {"stage 2": stage},
        "eager": {**pair, "predict": [{**shipped, "ratio": 5.0}]},
        "pair": {**pair, "predict": [others]},
    }
    path = tmp_path / "predict_speed.json"
    path.write_text(json.dumps(before))
    assert "stage 2:" not in tables.speed(path)
    (tmp_path / "amx").mkdir()
    (tmp_path / "amx" / path.name).write_text(json.dumps(after))
    said = tables.speed(path)
    assert "| stage 1 | 2.00 | 3.00 (1.50) | - | - |" in said
    assert "| stage 2 | - | - | 2.00 | 3.00 (1.50) |" in said
    assert "| A and B | eager torch float32 | 10.0 (1) | 10.0 (1) |" in said
    assert "| the shipped default | openvino float32 | 20.0 (2.0) | 50.0 (5.0) |" in said
    assert "| C and D | openvino float32 | - | 30.0 (3.0) |" in said
    assert "stage 2: the shipped default 6, C and D 5." in said
    assert "AVX-512 60 and 40 ms; AMX 60 and 40 ms" in said


def test_a_row_that_is_lost_and_a_crash_stand_in_the_readme(
    tables: ModuleType, tmp_path: Path
) -> None:
    file = tmp_path / "result.json"
    assert tables.killed(file) == tables.damaged(file) == "not measured"
    killed = {"slices": 9, "kills": 2, "killed_at_row": [7, 3], "rows": 8, "lost": 2, "doubled": 1}
    file.write_text(json.dumps({**killed, "different_files": ["cases.csv"]}))
    assert tables.killed(file) == (
        "2 kills of a run of 9 slices, at row 3 to 7: 8 rows, 2 lost, 1 doubled; files that differ "
        "from an undisturbed run: 1."
    )
    kinds = {
        "a.png": {"files": 2, "refused": 1, "crashes": 1},
        "b.png": {"files": 1, "slices": 3},
        "c.nii.gz": {"files": 1, "undeclared": 1},
    }
    failed = {"crashes": ["0-a.png"], "hangs": [], "undeclared": ["3-c.nii.gz"]}
    file.write_text(
        json.dumps({"files": 4, "seconds": 10.0, "longest": 0.5, **failed, "kinds": kinds})
    )
    assert tables.damaged(file) == (
        "4 damaged files (nii.gz 1, png 3): 1 crashes, 0 longer than 10 s (the longest: 0.5 s), 1 "
        "without a row as it should be; 3 slices in range, 1 sentences."
    )
