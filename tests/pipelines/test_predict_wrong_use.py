"""Options and weights that cannot be used: one sentence, exit code 2, nothing written."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Predict = Callable[..., tuple[int, str, str]]
Refused = Callable[..., None]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--batch-size", "0"), "'0' is not a whole number from 1"),
        (("--workers", "-1"), "'-1' is not a whole number from 0"),
        (("--threshold", "1.5"), "'1.5' is not a number from 0 to 1"),
        (("--threshold", "nan"), "'nan' is not a number from 0 to 1"),
        (("--hu-offset", "x"), "not a number"),
        (("--region", "lung"), "lung"),
        (("--device", "tpu"), "tpu"),
        (("--treshold", "0.5"), "did you mean --threshold"),
        (("--resume", "--overwrite"), "not allowed with"),
        (("--timeout", "0"), "'0' is not a number of seconds above 0"),
        (("--window", "lungs"), "'lungs' is no window: give CENTRE,WIDTH"),
        (("--window", "-600,0"), "width above 0"),
        (("--heat-map", "--no-overlays"), "not allowed with"),
        (("--case", "patient"), "invalid choice: 'patient'"),
        (("--operating-point", "best"), "invalid choice: 'best'"),
        (("--operating-point", "cost", "--threshold", "0.5"), "not allowed with"),
    ],
)
def test_wrong_options_are_told_in_one_sentence(
    slices: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    word: str,
) -> None:
    from pipelines.predict import main

    with pytest.raises(SystemExit) as ended:
        main([str(slices), "--out", str(tmp_path / "out"), *arguments])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert word in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_operating_point_that_the_card_lacks_is_refused_before_anything_is_written(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused
) -> None:
    said = predict(slices, "--out", tmp_path / "out", "--operating-point", "sensitive")
    assert_refused(said, "no operating point 'sensitive'; it has youden")
    assert not (tmp_path / "out").exists()


def test_cuda_is_refused_where_there_is_none(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    assert_refused(predict(slices, "--out", tmp_path / "out", "--device", "cuda"), "cuda")
    assert not (tmp_path / "out").exists()


def test_weights_that_are_missing_damaged_or_a_pickle_are_refused(
    predict: Predict, slices: Path, tiny_weights: Path, tmp_path: Path, assert_refused: Refused
) -> None:
    out = tmp_path / "out"

    def refused(name: str, change: Callable[[Path], object], *words: str) -> None:
        weights = tmp_path / name
        shutil.copytree(tiny_weights, weights)
        change(weights)
        assert_refused(predict(slices, "--out", out, "--weights", weights), *words)
        assert not out.exists()

    assert_refused(predict(slices, "--out", out, "--weights", tmp_path / "none"), "none")
    refused("empty", lambda w: (w / "defaults.json").unlink(), "defaults.json")
    refused("gone", lambda w: (w / "dark.safetensors").unlink(), "dark")
    refused("torn", lambda w: os.truncate(w / "dark.safetensors", 200), "dark")
    refused("words", lambda w: (w / "dark.safetensors").write_text("no weights"), "dark")
    refused(
        "pickle",
        lambda w: (w / "dark.safetensors").write_bytes(pickle.dumps({"a": 1})),
        "pickle",
    )
    refused(
        "foreign",
        lambda w: shutil.copy(w / "random-crop.safetensors", w / "dark.safetensors"),
        "dark",
    )
    refused("card", lambda w: (w / "dark.json").write_text("{"), "dark.json")
