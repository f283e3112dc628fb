"""What makes two runs the same."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from pipelines.run_identity import identity_of


@pytest.mark.parametrize("header", ["x.mhd", "x.nhdr"])
def test_voxels_beside_a_header_belong_to_the_input(tmp_path: Path, header: str) -> None:
    path = tmp_path / header
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.zeros((2, 3, 4), np.int16)), str(path))

    def files_hash() -> object:
        return identity_of({}, {}, [path], [header])["input_list_sha256"]

    before = files_hash()
    assert files_hash() == before
    data = path.with_suffix(".raw")
    data.write_bytes(data.read_bytes()[:-1])
    assert files_hash() != before


def test_a_file_that_was_written_again_is_another_one(tmp_path: Path) -> None:
    """Most of the same kind have the same size."""
    path = tmp_path / "a.bmp"

    def files_hash() -> object:
        return identity_of({}, {}, [path], ["a.bmp"])["input_list_sha256"]

    path.write_bytes(b"one")
    os.utime(path, (1e9, 1e9))
    before = files_hash()
    moved = path.rename(tmp_path / "b.bmp").rename(path)
    assert files_hash() == before
    moved.write_bytes(b"two")
    assert files_hash() != before
