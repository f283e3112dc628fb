"""A run that is killed again and again loses nothing; and the script would notice if it did."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("kill_and_resume")


@pytest.mark.slow
def test_a_run_that_is_killed_six_times_ends_the_same(
    script: ModuleType, tiny_weights: Path, tmp_path: Path
) -> None:
    options = ["--slices", "40", "--kills", "6", "--batch-size", "2", "--size", "128"]
    out = tmp_path / "result.json"
    assert script.main([*options, "--weights", str(tiny_weights), "--out", str(out)]) == 0
    result = json.loads(out.read_text())
    assert len(set(result["killed_at_row"])) > 2  # not all of them before the first row
    assert (result["kills"], result["rows"]) == (6, 40)
    assert (result["lost"], result["doubled"], result["different_files"]) == (0, 0, [])


def test_what_is_lost_doubled_or_changed_is_told(script: ModuleType, tmp_path: Path) -> None:
    for name, rows in {"whole": "h\na\nb\nc\n", "out": "h\na\na\nb\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "predictions.csv").write_text(rows)
        (tmp_path / name / "run.json").write_text(name)
    (tmp_path / "out" / "left.csv.12.tmp").write_text("")
    found = script.compared(tmp_path / "whole", tmp_path / "out")
    assert found == {
        "rows": 3,
        "lost": 1,
        "doubled": 1,
        "different_files": ["left.csv.12.tmp", "predictions.csv"],
    }
    same = {"rows": 3, "lost": 0, "doubled": 0, "different_files": []}
    assert not script.is_changed(same)
    for changed in ("lost", "doubled", "different_files"):
        assert script.is_changed({**same, changed: found[changed]})
