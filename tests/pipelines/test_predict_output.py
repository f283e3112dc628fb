"""The output folder: what is in the way is told, and nothing of anyone else is touched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Predict = Callable[..., tuple[int, str, str]]
RowsOf = Callable[[Path], list[dict[str, str]]]
Refused = Callable[..., None]
Content = Callable[[Path], dict[str, tuple[int, bytes]]]


def test_an_output_in_the_way_is_refused(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused, content: Content
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    before = content(out)
    assert_refused(predict(slices, "--out", out), "not empty", "--resume", "--overwrite")
    assert_refused(predict(slices, "--out", out / "notes.txt"), "notes.txt")
    assert_refused(predict(slices, "--out", out / "notes.txt" / "below"), "notes.txt")
    assert content(out) == before


def test_a_folder_without_permission_to_write_is_refused(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.access(closed, os.W_OK):
        pytest.skip("this user, such as root, writes to every folder")
    assert_refused(predict(slices, "--out", closed), "cannot write", "closed")
    assert_refused(predict(slices, "--out", closed / "below"), "cannot write", "closed")
    assert list(closed.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's read-only /proc")
def test_a_read_only_output_is_refused(
    predict: Predict, slices: Path, assert_refused: Refused
) -> None:
    assert_refused(predict(slices, "--out", "/proc/predictions"), "cannot write", "/proc")


def test_overwrite_removes_what_predict_wrote_and_nothing_else(
    predict: Predict, slices: Path, tmp_path: Path, rows_of: RowsOf
) -> None:
    out = tmp_path / "out"
    assert predict(slices, "--out", out)[0] == 0
    (out / "notes.txt").write_text("mine")
    (out / "overlays" / "notes.txt").write_text("mine")
    (slices / "slice0.png").unlink()
    assert predict(slices, "--out", out, "--overwrite")[0] == 0
    assert len(rows_of(out)) == 6
    assert not (out / "overlays" / "slice0.png.png").exists()
    assert (out / "overlays" / "slice1.png.png").exists()
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "overlays" / "notes.txt").read_text() == "mine"


def test_folders_that_nothing_was_written_to_are_not_told(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (slices / "text.png").write_text("no picture")
    code, said, _ = predict(slices / "text.png", "--out", out, "--masks", "--json")
    assert code == 3
    assert json.loads(said)["written"].keys() == {"rows", "cases", "record", "report"}
    assert not (out / "overlays").exists()
    code, said, _ = predict(slices, "--out", out, "--masks", "--overwrite", "--json")
    assert {"overlays", "masks"} < json.loads(said)["written"].keys()


def test_a_folder_that_someone_else_filled_is_refused(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused
) -> None:
    """The next --overwrite could not tell whose pictures are whose."""
    theirs = tmp_path / "out" / "overlays" / "figure.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    given = (slices, "--out", tmp_path / "out", "--overwrite")
    assert_refused(predict(*given), "overlays is not empty, and no run that is recorded here")
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["overlays"]
    assert predict(*given, "--no-overlays")[0] == 0
    assert theirs.read_bytes() == b"theirs"


def test_overwrite_leaves_true_masks_beside_the_images(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused, content: Content
) -> None:
    """The layout of a labelled set: images/ and masks/, with the results written beside them."""
    masks = tmp_path / "set" / "masks"
    shutil.copytree(slices, masks)
    before = content(masks)
    for _ in range(2):
        assert predict(slices, "--out", masks.parent, "--overwrite")[0] == 0
    given = (slices, "--out", masks.parent, "--overwrite", "--masks")
    assert_refused(predict(*given), "masks is not empty")
    assert content(masks) == before


def test_results_never_mix_with_inputs(
    predict: Predict,
    slices: Path,
    tmp_path: Path,
    rows_of: RowsOf,
    assert_refused: Refused,
    content: Content,
) -> None:
    before = content(slices)
    assert_refused(predict(slices, "--out", slices, "--overwrite"), "input folder itself")
    assert content(slices) == before
    inside = slices / "predictions"
    for _ in range(2):  # the second time, overlays of the first lie below the input folder
        assert predict(slices, "--out", inside, "--overwrite")[0] == 0
        assert len(rows_of(inside)) == 7
    before = content(inside)
    assert_refused(predict(inside / "overlays", "--out", inside, "--overwrite"), "overlays")
    assert content(inside) == before
