"""Resuming what was not cut off: finished folders stay, two runs are never mixed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Predict = Callable[..., tuple[int, str, str]]
RowsOf = Callable[[Path], list[dict[str, str]]]
Refused = Callable[..., None]
Content = Callable[[Path], dict[str, tuple[int, bytes]]]


def test_resume_starts_anew_where_there_is_nothing(
    predict: Predict, slices: Path, tmp_path: Path, rows_of: RowsOf
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty"):
        assert predict(slices, "--out", tmp_path / name, "--resume")[0] == 0
        assert len(rows_of(tmp_path / name)) == 7


@pytest.mark.parametrize("exit_code", [0, 3])
def test_resume_changes_nothing_in_a_finished_folder(
    predict: Predict, slices: Path, tmp_path: Path, exit_code: int, content: Content
) -> None:
    if exit_code == 3:
        (slices / "text.png").write_text("no picture")
    out = tmp_path / "out"
    first = predict(slices, "--out", out)
    before = content(out)
    assert predict(slices, "--out", out, "--resume") == first
    assert first[0] == exit_code
    assert content(out) == before


def test_resume_refuses_to_mix_two_runs(
    predict: Predict,
    slices: Path,
    tmp_path: Path,
    tiny_weights: Path,
    assert_refused: Refused,
    content: Content,
) -> None:
    out = tmp_path / "out"
    assert predict(slices, "--out", out)[0] == 0
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    shutil.copy(weights / "random-full.json", weights / "random-crop.json")
    shutil.copy(weights / "random-full.safetensors", weights / "random-crop.safetensors")
    before = content(out)
    again = (slices, "--out", out, "--resume")
    assert_refused(predict(*again, "--batch-size", 3), "--batch-size")
    assert_refused(predict(*again, "--threshold", 0.25), "--threshold")
    assert_refused(predict(*again, "--operating-point", "cost"), "--operating-point")
    assert_refused(predict(*again, "--region", "full"), "--region")
    assert_refused(predict(*again, "--hu-offset", 1024), "--hu-offset")
    assert_refused(predict(*again, "--no-overlays"), "--overlays")
    assert_refused(predict(*again, "--case", "folder"), "--case")
    (slices / "more.png").write_bytes((slices / "slice0.png").read_bytes())
    assert_refused(predict(*again), "input files")
    assert content(out) == before


def test_resume_notices_another_card(
    predict: Predict, slices: Path, tmp_path: Path, tiny_weights: Path, assert_refused: Refused
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    arguments = (slices, "--out", tmp_path / "out", "--weights", weights)
    assert predict(*arguments)[0] == 0
    card = weights / "random-crop.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "threshold": 0.25}))
    assert_refused(predict(*arguments, "--resume"), "the weights or their cards")


def test_resume_leaves_rows_of_unknown_origin_alone(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused, content: Content
) -> None:
    out = tmp_path / "out"
    for name in ("predictions.csv", "predictions.csv.part", "run.json"):
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        (out / name).write_text("{}")
        before = content(out)
        assert_refused(predict(slices, "--out", out, "--resume"), "no record of the run")
        assert content(out) == before
