"""Milliseconds of stage 1 by backend: every way gives the same masks, and the table shows it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("segmenter_speed")


@pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="openvino comes with the extra [dev]"
)
def test_every_way_is_timed_and_agrees_with_torch(
    script: ModuleType,
    benchmark_script: Callable[..., ModuleType],
    repository: Path,
    tiny_weights: Path,
    tmp_path: Path,
) -> None:
    out = tmp_path / "speed.json"
    options = ["--checkpoint", str(tiny_weights / "dark.safetensors"), "--out", str(out)]
    options += ["--batch-sizes", "2", "--repeats", "1", "--threads", "1"]
    options += ["--decoders", list(script.DECODERS)[0], "no gates"]
    # a process of its own: one that has run OpenVINO crashes when a data loader forks it
    subprocess.run(
        [sys.executable, str(repository / "benchmarks" / "segmenter_speed.py"), *options],
        check=True,
        env={**os.environ, "PYTHONPATH": str(repository)},
    )
    result = json.loads(out.read_text())
    assert tuple(result["backends"]) == script.WAYS
    for figures in result["backends"].values():
        assert figures["batch 2"]["milliseconds"] > 0
        assert figures["changed_share"] < 0.05
    assert result["backends"]["torch float32"]["largest_difference"] == 0
    assert result["backends"]["OpenVINO float32"]["largest_difference"] < 1e-3
    assert result["decoders"]["no gates"]["bfloat16"]["milliseconds"] > 0

    said = benchmark_script("result_tables.segmenters").segmenter_speed(out)
    assert said.count("| OpenVINO") == 2
    assert ", batch 2 |" in said
    assert "(1.00)" in said


def test_deviation_is_the_worst_probability_and_the_share_of_the_mask(script: ModuleType) -> None:
    truth = torch.tensor([0.9, 0.8, 0.6, 0.7, 0.1, 0.2])
    found = torch.tensor([0.9, 0.8, 0.4, 0.7, 0.1, 0.55])
    said = script.deviation(found, truth, 0.5)
    assert said == {"largest_difference": 0.35, "changed_share": 0.5}
