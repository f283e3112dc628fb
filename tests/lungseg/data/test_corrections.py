"""What a person drew onto a threshold mask is applied, and a file that says nonsense is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lungseg.data.corrections import corrected, read_corrections
from lungseg.errors import UsageError


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "corrections.json"
    path.write_text(json.dumps(content))
    return path


def test_each_kind_changes_its_polygon_alone(tmp_path: Path) -> None:
    def square(left: int) -> list[list[int]]:
        return [[left, 2], [left + 3, 2], [left + 3, 5], [left, 5]]

    steps = read_corrections(
        written(tmp_path, {"7": [["lung", square(0)], ["air", square(5)], ["tissue", square(10)]]})
    )
    hu = np.zeros((8, 16), np.float32)
    hu[:, 6] = -800
    mask = np.zeros((8, 16), bool)
    mask[:, 10:] = True
    expected = mask.copy()
    expected[2:6, 0:4] = expected[2:6, 6] = True
    expected[2:6, 10:14] = False
    assert np.array_equal(corrected(mask, hu, "7", steps), expected)
    assert np.array_equal(corrected(mask, hu, "8", steps), mask)


@pytest.mark.parametrize("content", [[1], {"7": [["lung"]]}, {"7": 3}, {"7": [["lung", [[1]]]]}])
def test_a_file_of_another_shape_is_named(tmp_path: Path, content: object) -> None:
    with pytest.raises(UsageError, match=r"corrections\.json"):
        read_corrections(written(tmp_path, content))


def test_an_unknown_kind_is_named_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"kind heart; known are lung, air, tissue"):
        read_corrections(written(tmp_path, {"7": [["heart", [[0, 0], [1, 0], [1, 1]]]]}))


def test_the_shipped_corrections_can_be_read() -> None:
    root = Path(__file__).resolve().parents[3]
    assert "036" in read_corrections(root / "configs" / "seg" / "tcga-hu-corrections.json")
