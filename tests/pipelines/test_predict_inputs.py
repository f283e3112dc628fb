"""Inputs of every kind: good, bad, foreign or oddly named, each gets its row or is named."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Predict = Callable[..., tuple[int, str, str]]
RowsOf = Callable[[Path], list[dict[str, str]]]
Refused = Callable[..., None]
Draw = Callable[..., NDArray[np.uint8]]


def test_one_file_is_an_input_too(
    predict: Predict, slices: Path, tmp_path: Path, rows_of: RowsOf
) -> None:
    assert predict(slices / "case" / "slice.png", "--out", tmp_path / "out")[0] == 0
    assert [row["path"] for row in rows_of(tmp_path / "out")] == ["slice.png"]


def bad_inputs(folder: Path, picture: NDArray[np.uint8]) -> dict[str, str]:
    """Write every kind of bad input; returns the status that each must get, by name."""
    whole = Image.fromarray(picture)
    whole.save(folder / "good.png")
    data = (folder / "good.png").read_bytes()
    (folder / "truncated.png").write_bytes(data[: len(data) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is no picture\n")
    whole.save(folder / "jpeg.png", format="JPEG")
    Image.fromarray(picture[:1, :1]).save(folder / "one_pixel.png")
    Image.fromarray(np.zeros_like(picture)).save(folder / "black.png")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "photograph.png")
    broken = Image.fromarray(picture)
    broken.save(folder / "stack.tif", save_all=True, append_images=[broken])
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    huge = b"\x89PNG\r\n\x1a\n"
    lines = zlib.compress(b"\0" * 20_001 * 2_000, 1)  # cut off, but nobody should decode it
    for kind, body in ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b"")):
        huge += (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )
    (folder / "huge.png").write_bytes(huge)
    (folder / "notes.txt").write_text("not an input")
    return {
        "black.png": "not_ct",
        "empty.png": "unreadable",
        "good.png": "ok",
        "huge.png": "unreadable",
        "jpeg.png": "ok",
        "one_pixel.png": "not_ct",
        "photograph.png": "not_ct",
        "text.png": "unreadable",
        "truncated.png": "unreadable",
    }


def test_bad_input_gets_its_row_and_the_run_goes_on(
    predict: Predict, tmp_path: Path, drawn_slice: Draw, rows_of: RowsOf
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    expected = bad_inputs(folder, drawn_slice())
    code, said, error = predict(folder, "--out", tmp_path / "out", "--batch-size", 2)
    assert (code, error) == (3, "")
    rows = rows_of(tmp_path / "out")
    assert [(row["path"], row["slice"]) for row in rows if row["path"] == "stack.tif"] == [
        ("stack.tif", "0"),
        ("stack.tif", "1"),
    ]
    assert {r["path"]: r["status"] for r in rows if r["path"] != "stack.tif"} == expected
    for row in rows:
        judged = row["status"] == "ok"
        assert bool(row["probability"]) == bool(row["label"]) == bool(row["x_min"]) == judged
        assert bool(row["lung_fraction"]) == (row["status"] != "unreadable")
        if row["status"] in ("unreadable", "not_ct"):
            assert row["message"]
        assert str(tmp_path) not in row["message"]
    assert "unreadable" in said
    assert "files that are no slices (.txt 1)" in said
    assert "truncated.png" in said
    assert "black.png" in said
    assert json.loads((tmp_path / "out" / "run.json").read_text())["ignored_files"] == 1


def test_foreign_pictures_get_no_diagnosis_by_colour_alone(
    predict: Predict, shared_data: Path, tmp_path: Path, rows_of: RowsOf
) -> None:
    predict(shared_data / "not-chest-ct" / "photo", "--out", tmp_path / "out", "--no-overlays")
    coloured = ("sklearn_china.jpg", "skimage_logo.jpg", "skimage_stereo_motorcycle.jpg")
    status = {row["path"]: row["status"] for row in rows_of(tmp_path / "out")}
    assert {status[name] for name in coloured} == {"not_ct"}


def test_odd_file_names_get_their_rows_and_overlays(
    predict: Predict, tmp_path: Path, drawn_slice: Draw, rows_of: RowsOf
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    names = [
        b"caf\xe9.png",
        b"=1+1.png",
        b'new\nline, "q".png',
        "ü.PNG".encode(),
        b"a" * 251 + b".png",
    ]
    Image.fromarray(drawn_slice()).save(tmp_path / "slice.png")
    for name in names:
        shutil.copy(os.fsencode(tmp_path / "slice.png"), os.fsencode(folder) + b"/" + name)
    code, said, _ = predict(folder, "--out", tmp_path / "out")
    assert code == 0
    assert {row["path"] for row in rows_of(tmp_path / "out")} == {
        r"caf\xe9.png",
        "./=1+1.png",
        'new\nline, "q".png',
        "ü.PNG",
        "a" * 251 + ".png",
    }
    assert len(list((tmp_path / "out" / "overlays").iterdir())) == 5
    (folder / 'new\nline, "q".png').write_text("no picture")
    code, said, _ = predict(folder, "--out", tmp_path / "out", "--overwrite")
    assert code == 3
    assert "new line" in said


def test_missing_or_empty_input_is_wrong_use_and_nothing_is_written(
    predict: Predict, tmp_path: Path, assert_refused: Refused
) -> None:
    out = tmp_path / "out"
    (tmp_path / "empty").mkdir()
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "notes.txt").write_text("no picture")
    assert_refused(predict(tmp_path / "missing", "--out", out), "missing")
    assert_refused(predict(tmp_path / "empty", "--out", out), "empty")
    assert_refused(predict(tmp_path / "words", "--out", out), "words")
    assert not out.exists()


def test_an_unreadable_folder_is_wrong_use_and_an_unreadable_part_is_told(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused
) -> None:
    (slices / "case").chmod(0)
    if os.access(slices / "case", os.R_OK):
        pytest.skip("this user, such as root, reads every folder")
    try:
        code, said, _ = predict(slices, "--out", tmp_path / "out")
        assert code == 3
        assert "case" in said
    finally:
        (slices / "case").chmod(0o700)
    slices.chmod(0)
    try:
        assert_refused(predict(slices, "--out", tmp_path / "other"), "slices")
    finally:
        slices.chmod(0o700)


def test_results_of_earlier_runs_are_no_slices(
    predict: Predict, slices: Path, tmp_path: Path, rows_of: RowsOf, assert_refused: Refused
) -> None:
    earlier = slices / "earlier"
    assert predict(slices, "--out", earlier, "--masks")[0] == 0
    code, said, _ = predict(slices, "--out", tmp_path / "out")
    assert code == 0
    assert len(rows_of(tmp_path / "out")) == len(rows_of(earlier)) == 7
    assert "left out           1   folders with results of earlier runs" in said
    assert_refused(predict(earlier, "--out", tmp_path / "other"), "nothing but the results")
