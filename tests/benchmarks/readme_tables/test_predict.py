"""Memories, losses and crashes of predict stand in the tables of the README."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def tables(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("readme_tables.predict")


def test_the_table_says_how_far_the_memories_are_apart(tables: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "predict_speed.json"
    result = {"cores": 2, "speed": {}}
    path.write_text(json.dumps(result))
    assert "memory" not in tables.speed(path)
    peaks = {"100": 500.0, "10000": 530.0}
    path.write_text(json.dumps({**result, "memory": {"side": 256, "peak_mib": peaks}}))
    assert "100 inputs 500 MiB, 10,000 inputs 530 MiB (6 % apart; 2 cores)" in tables.speed(path)


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
