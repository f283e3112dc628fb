"""The table of stage 1 and lungmask shows both, and says how each was run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def tables(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("readme_tables.segmenters")


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
