"""A start from slices without labels: it trains, goes on, and stage 2 starts from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from covidcls.zoo import create_classifier


def test_slices_without_labels_make_a_start_that_stage_two_takes(
    benchmark_script: Callable[..., ModuleType],
    phantom_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    script = benchmark_script("self_supervised_start")
    out = tmp_path / "start.safetensors"
    slices = phantom_data / "phantoms" / "images"
    arguments = [str(slices), "--start", "none", "--size", "32", "--batch-size", "3"]
    names = tmp_path / "names.txt"
    names.write_text("\n".join(file.name for file in sorted(slices.iterdir())[:6]))
    arguments += ["--names", str(names), "--epochs", "2", "--out", str(out)]

    def cut_off(module: Any) -> None:
        if module.current_epoch == 1:
            raise OSError("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(script.TwoLooksAlike, "on_train_epoch_start", cut_off)
        assert script.main(arguments) == 1
    assert "6 slices, " in capsys.readouterr().err and not out.exists()
    assert script.main(arguments) == 0
    assert script.main([*arguments, "--batch-size", "7"]) == 2  # nothing would be trained
    trained = torch.load(tmp_path / "start.runs" / "last.ckpt", weights_only=False)
    assert trained["epoch"] == 1 and trained["global_step"] == 4
    state = load_file(out)
    started = create_classifier("tf_efficientnet_lite0", str(out)).state_dict()
    other = ("classifier", "num_batches_tracked")
    learned = [key for key in started if not any(part in key for part in other)]
    assert len(learned) > 100
    assert all(torch.equal(started[key], state[key]) for key in learned)
