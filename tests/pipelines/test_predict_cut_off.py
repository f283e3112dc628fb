"""Runs that are killed, interrupted or out of disk: one sentence, and --resume ends the same."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

SLICES = 60
BATCH = ("--batch-size", 2)

Start = Callable[..., subprocess.Popen[str]]
Predict = Callable[..., tuple[int, str, str]]


@pytest.fixture
def many(tmp_path: Path, drawn_slice: Callable[..., NDArray[np.uint8]]) -> Path:
    """A folder of SLICES large slices in stacks and single files, and one that is unreadable."""
    folder = tmp_path / "many"
    folder.mkdir()
    page = Image.fromarray(drawn_slice()).resize((700, 700))
    for number in range(SLICES // 4):
        page.save(folder / f"a{number:02}.png", compress_level=1)
        page.save(folder / f"b{number:02}.tif", save_all=True, append_images=[page, page])
    (folder / "a99.png").write_text("no picture")
    return folder


@pytest.fixture
def undisturbed(many: Path, tmp_path: Path, predict: Predict) -> Path:
    """The results of the folder, made in one go."""
    assert predict(many, "--out", tmp_path / "whole", *BATCH)[0] == 3
    return tmp_path / "whole"


def wait_for_rows(out: Path, process: subprocess.Popen[str]) -> None:
    """Return when the process has written some rows and still runs."""
    part = out / "predictions.csv.part"
    while process.poll() is None:
        if part.exists() and part.read_bytes().count(b"\n") > 4:
            return
        time.sleep(0.002)
    pytest.fail(f"ended before it could be cut off: {process.communicate()}")


def assert_same(out: Path, whole: Path) -> None:
    assert (out / "predictions.csv").read_bytes() == (whole / "predictions.csv").read_bytes()
    names = [sorted(p.relative_to(f) for p in f.rglob("*")) for f in (out, whole)]
    assert names[0] == names[1]
    for overlay in whole.rglob("*.png"):
        assert (out / overlay.relative_to(whole)).read_bytes() == overlay.read_bytes()


def test_a_share_that_drops_out_ends_the_run_and_it_resumes_to_the_same_bytes(
    many: Path, undisturbed: Path, tmp_path: Path, predict_process: Start, predict: Predict
) -> None:
    out = tmp_path / "out"
    process = predict_process(many, "--out", out, *BATCH)
    wait_for_rows(out, process)
    many.rename(tmp_path / "elsewhere")
    _, error = process.communicate()
    assert process.returncode == 1
    assert f"{many} has gone" in error and "--resume" in error
    (tmp_path / "elsewhere").rename(many)
    assert predict(many, "--out", out, *BATCH, "--resume", "--device", "cpu")[0] == 3
    assert_same(out, undisturbed)


def test_a_killed_run_resumes_to_the_same_bytes(
    many: Path, undisturbed: Path, tmp_path: Path, predict_process: Start, predict: Predict
) -> None:
    out = tmp_path / "out"
    process = predict_process(many, "--out", out, *BATCH)
    wait_for_rows(out, process)
    process.kill()
    process.communicate()
    assert not (out / "predictions.csv").exists()
    other = tmp_path / "other"
    shutil.copytree(out, other)
    code, _, error = predict(many, "--out", other, "--batch-size", 4, "--resume")
    assert code == 2
    assert "--batch-size" in error
    code, _, _ = predict(many, "--out", out, *BATCH, "--resume", "--json", "--device", "cpu")
    assert code == 3
    assert_same(out, undisturbed)


def test_a_run_that_still_goes_on_is_not_joined_by_another(
    many: Path,
    undisturbed: Path,
    tmp_path: Path,
    predict_process: Start,
    predict: Predict,
    content: Callable[[Path], dict[str, tuple[int, bytes]]],
) -> None:
    out = tmp_path / "out"
    process = predict_process(many, "--out", out, *BATCH)
    wait_for_rows(out, process)
    process.send_signal(signal.SIGSTOP)
    try:
        before = content(out)
        for way in ("--resume", "--overwrite"):
            code, _, error = predict(many, "--out", out, *BATCH, way, "--device", "cpu")
            assert code == 2
            assert f"another run writes to {out}: wait for it" in error
        assert content(out) == before
    finally:
        process.send_signal(signal.SIGCONT)
    process.communicate()
    assert process.returncode == 3
    assert_same(out, undisturbed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_and_resumes(
    many: Path,
    undisturbed: Path,
    tmp_path: Path,
    predict_process: Start,
    predict: Predict,
    number: signal.Signals,
) -> None:
    out = tmp_path / "out"
    process = predict_process(many, "--out", out, *BATCH)
    wait_for_rows(out, process)
    process.send_signal(number)
    said, error = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, "")
    assert error.startswith("interrupted; ")
    assert error.count("\n") == 1
    assert "--resume" in error
    assert predict(many, "--out", out, *BATCH, "--resume", "--device", "cpu")[0] == 3
    assert_same(out, undisturbed)


def test_a_full_disk_is_told_in_a_sentence_and_the_run_resumes(
    many: Path, undisturbed: Path, tmp_path: Path, predict_process: Start, predict: Predict
) -> None:
    out = tmp_path / "out"
    limit = 3000  # bytes a file: enough for the record, not for all rows

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    arguments = (many, "--out", out, *BATCH, "--no-overlays")
    process = predict_process(*arguments, preexec_fn=small_disk)
    said, error = process.communicate(timeout=120)
    assert (process.returncode, said) == (1, "")
    assert error.startswith("the disk is full")
    assert error.count("\n") == 1
    assert "--resume" in error
    assert not (out / "predictions.csv").exists()
    assert predict(*arguments, "--resume", "--device", "cpu")[0] == 3
    rows = "predictions.csv"
    assert (out / rows).read_bytes() == (undisturbed / rows).read_bytes()


def test_a_disk_that_is_full_at_the_end_loses_no_row(
    many: Path, undisturbed: Path, tmp_path: Path, predict_process: Start, predict: Predict
) -> None:
    out = tmp_path / "out"

    def small_disk() -> None:  # the rows fit, the report does not
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))

    arguments = (many, "--out", out, *BATCH, "--no-overlays")
    process = predict_process(*arguments, preexec_fn=small_disk)
    said, error = process.communicate(timeout=120)
    assert (process.returncode, said) == (1, "")
    assert error.startswith("the disk is full")
    assert error.count("\n") == 1
    assert sorted(file.name for file in out.iterdir()) == [
        "cases.csv",
        "predictions.csv.part",
        "run.json.part",
    ]
    assert predict(*arguments, "--resume", "--device", "cpu", "--json")[0] == 3
    for table in ("predictions.csv", "cases.csv"):
        assert (out / table).read_bytes() == (undisturbed / table).read_bytes()


def test_a_disk_that_fills_while_overlays_are_drawn_ends_the_run(
    many: Path, tmp_path: Path, predict_process: Start
) -> None:
    out = tmp_path / "out"

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))

    process = predict_process(many, "--out", out, *BATCH, preexec_fn=small_disk)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 1
    assert error.startswith("the disk is full")
    assert [path for path in out.rglob("*.png*") if path.is_file()] == []
