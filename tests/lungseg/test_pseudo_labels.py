"""The folder of pseudo-labels: rows and masks come back as they were written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from lungseg.errors import UsageError
from lungseg.pseudo_labels import (
    COLUMNS,
    Row,
    encode_masks,
    read_masks,
    read_rows,
    read_run,
)

ROWS = [
    Row("a/Covid (1).png", "ab12", True, "", 0.99, 0.5, 0.1, 0.98, 0.3, 0.25, True, "a/block-000"),
    Row("12.png", "0042", False, "unreadable"),
]


def write(folder: Path, header: tuple[str, ...] = COLUMNS) -> None:
    with (folder / "slices.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *(row.cells() for row in ROWS)])


def test_rows_come_back(tmp_path: Path) -> None:
    write(tmp_path)
    assert read_rows(tmp_path) == ROWS
    assert ROWS[1].cells()[2:5] == ("0", "unreadable", "")


def test_masks_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lung, lesion = rng.random((2, 30, 40)) > 0.5
    (tmp_path / "m.png").write_bytes(encode_masks(lung, lesion))
    for written, read in zip((lung, lesion), read_masks(tmp_path / "m.png"), strict=True):
        assert np.array_equal(written, read)


def test_an_unfinished_or_foreign_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished pseudo-labels.*--resume"):
        read_rows(tmp_path)
    write(tmp_path, header=("slice", "patient"))
    with pytest.raises(UsageError, match="no table of pseudo-labels"):
        read_rows(tmp_path)
    (tmp_path / "slices.csv").write_text("")
    with pytest.raises(UsageError, match="no table of pseudo-labels"):
        read_rows(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_damaged_mask_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.png").write_bytes(content)
    with pytest.raises(UsageError, match=r"m\.png"):
        read_masks(tmp_path / "m.png")
    with pytest.raises(UsageError, match=r"missing\.png"):
        read_masks(tmp_path / "missing.png")


def test_the_record_is_told_without_folders(tmp_path: Path) -> None:
    record = {
        "weights": {"segmenter": {"name": "net", "sha256": "ab"}},
        "options": {"min_agreement": 0.9},
        "counts": {"kept": 3},
        "versions": {},
        "input": "/home/somebody/pictures",
    }
    (tmp_path / "run.json").write_text(json.dumps(record))
    told = read_run(tmp_path)
    assert told["segmenter"] == {"name": "net", "sha256": "ab"}
    assert "somebody" not in json.dumps(told)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(UsageError, match=r"run\.json"):
        read_run(tmp_path)
