"""Seconds of the search for copies: every planted copy is found, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType


def test_the_generated_pictures_have_the_copies_that_were_planted_and_no_others(
    benchmark_script: Callable[..., ModuleType], tmp_path: Path
) -> None:
    script = benchmark_script("audit_speed")
    script.generate(tmp_path, 100)
    result = script.measured(tmp_path, workers=0)
    assert (result["planted"], result["planted_found"], result["other_pairs"]) == (1, 1, 0)
    assert result["ms_per_picture"] > 0


def test_growth_is_the_power_of_the_number_of_pictures(
    benchmark_script: Callable[..., ModuleType],
) -> None:
    script = benchmark_script("audit_speed")
    assert script.growth({10: 1.0, 100: 10.0, 1000: 1000.0}) == [1, 2]


def test_the_work_of_processes_that_read_counts(
    benchmark_script: Callable[..., ModuleType],
) -> None:
    script = benchmark_script("audit_speed")
    before = script.spent()
    busy = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert (script.spent() - before)[1] >= 0.2
