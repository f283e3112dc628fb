"""A file is there whole, or as it was before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lungseg.whole_file import write_json


def test_json_is_ascii_whatever_bytes_a_name_in_it_has(tmp_path: Path) -> None:
    content = {"label": "\u80ba", "file": "caf\udce9.png"}
    write_json(tmp_path / "record.json", content)
    assert (tmp_path / "record.json").read_bytes().isascii()
    assert json.loads((tmp_path / "record.json").read_text()) == content


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "record.json").mkdir()  # in the way of the rename
    with pytest.raises(OSError):
        write_json(tmp_path / "record.json", {"whole": True})
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]
