"""The tables of the README are those of the cards and files beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("write_tables")


def test_the_readme_is_up_to_date(script: ModuleType, repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    assert script.with_tables(text) == text


def test_every_recipe_that_was_tried_is_a_row(script: ModuleType, repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    for path in sorted((repository / "benchmarks" / "tried").glob("*.json")):
        figures = json.loads(path.read_text())["figures"]
        figure = (
            figures["val"]["auc"] if "val" in figures else figures["validation lung-masks"]["dice"]
        )
        assert f"| {figure['value']:.3f}" in text, path


def test_a_row_that_is_lost_and_a_crash_stand_in_the_readme(
    script: ModuleType, tmp_path: Path
) -> None:
    file = tmp_path / "result.json"
    assert script.killed(file) == script.damaged(file) == "not measured"
    killed = {"slices": 9, "kills": 2, "killed_at_row": [7, 3], "rows": 8, "lost": 2, "doubled": 1}
    file.write_text(json.dumps({**killed, "different_files": ["cases.csv"]}))
    assert script.killed(file) == (
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
    assert script.damaged(file) == (
        "4 damaged files (nii.gz 1, png 3): 1 crashes, 0 longer than 10 s (the longest: 0.5 s), 1 "
        "without a row as it should be; 3 slices in range, 1 sentences."
    )
