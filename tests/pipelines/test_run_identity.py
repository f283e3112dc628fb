"""What makes two runs the same."""

from __future__ import annotations

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
