"""Speed and memory of predict: parts are measured alone, and memory is that of predict."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("predict_speed")


@pytest.fixture
def peak_memory(benchmark_script: Callable[..., ModuleType]) -> Callable[..., float]:
    return benchmark_script("peak_memory").peak_memory  # type: ignore[no-any-return]  # a script


def test_the_peak_is_that_of_the_command_and_not_of_what_starts_it(
    peak_memory: Callable[..., float],
) -> None:
    here = np.ones(2**28, np.uint8)  # 256 MiB
    nothing = peak_memory([sys.executable, "-c", "pass"])
    much = peak_memory([sys.executable, "-c", "bytearray(b'1') * 2**27"])
    assert 0 < nothing < 100
    assert 120 < much - nothing < 140  # 128 MiB
    assert here.all()


def test_a_command_that_fails_has_no_peak(peak_memory: Callable[..., float]) -> None:
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    assert peak_memory(command, well=(0, 3)) > 0
    with pytest.raises(RuntimeError, match="exit code 3"):
        peak_memory(command)


def test_memory_alone_is_measured_on_small_pictures_and_keeps_the_rest(
    script: ModuleType, repository: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "speed.json"
    settings = {"cores": os.cpu_count(), "batch_size": 2, "workers": 0}
    settings["machine"] = script.machine(os.cpu_count() or 1)
    out.write_text(json.dumps({**settings, "speed": {"stage 1": {"ratio": 2}}}))
    options = ["--parts", "memory", "--counts", "3", "--batch-size", "2", "--workers", "0"]
    options += ["--weights", str(tiny_weights), "--out", str(out)]
    assert script.main([*options, "--input", str(repository / "samples" / "patient-5")]) == 0
    result = json.loads(out.read_text())
    assert result["speed"] == {"stage 1": {"ratio": 2}}
    assert result["memory"]["peak_mib"]["3"] > 50


def test_parts_of_other_settings_are_not_mixed(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "speed.json"
    settings = {"cores": os.cpu_count(), "batch_size": 16, "workers": 2}
    settings["machine"] = script.machine(os.cpu_count() or 1)
    before = json.dumps({**settings, "eager": {}})
    out.write_text(before)
    options = ["--parts", "memory", "--batch-size", "4", "--workers", "2", "--out", str(out)]
    assert script.main(options) == 2
    assert "has eager with batch_size 16" in capsys.readouterr().err
    assert out.read_text() == before


def test_parts_of_another_machine_are_not_mixed(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "speed.json"
    settings = {"cores": os.cpu_count(), "batch_size": 16, "workers": 2}
    options = ["--parts", "memory", "--batch-size", "16", "--workers", "2", "--out", str(out)]
    for machine, said in (({"processor": "P 1"}, "machine P 1"), (None, "machine unknown")):
        out.write_text(json.dumps({**settings, "machine": machine, "eager": {}}))
        assert script.main(options) == 2
        assert f"has eager with {said}" in capsys.readouterr().err


def test_the_whole_is_timed_on_each_backend_beside_the_eager_pair(
    script: ModuleType, repository: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "speed.json"
    options = ["--parts", "eager", "--whole", "2", "--repeats", "1", "--workers", "0"]
    options += ["--weights", str(tiny_weights), "--backends", "torch", "--out", str(out)]
    assert script.main([*options, "--input", str(repository / "samples" / "patient-3")]) == 0
    result = json.loads(out.read_text())
    assert result["machine"] == script.machine(os.cpu_count() or 1)
    [run] = result["eager"]["predict"]
    assert (run["networks"], run["judged"]) == ("given", 2)
    assert run["backend"] == {"segmenter": "torch float32", "classifier": "torch float32"}
    one_at_a_time = result["eager"]["one_at_a_time_per_second"]
    assert run["ratio"] == pytest.approx(run["per_second"] / one_at_a_time, abs=0.1)


def test_small_pictures_are_all_slices_in_one_size(
    script: ModuleType, repository: Path, tmp_path: Path
) -> None:
    volume = repository / "samples" / "patient-4" / "lesions_two-slices_lung-window.tiff"
    pictures = script.small_pictures([volume], tmp_path / "pictures")
    seen = [np.asarray(Image.open(path)) for path in pictures]
    assert [one.shape for one in seen] == [(256, 256)] * 2
    assert all(one.max() > 200 for one in seen)
