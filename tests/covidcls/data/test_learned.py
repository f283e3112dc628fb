"""What was learned is known by its content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.data.learned import learned_hashes, overlap, read_learned, write_learned
from covidcls.data.pictures import LabelledPicture
from lungseg.errors import CheckpointError


@pytest.fixture
def pictures(tmp_path: Path, drawn_slice: Callable[..., NDArray[np.uint8]]) -> dict[str, str]:
    """The hash of one drawn slice in several files, and of another."""
    drawn = Image.fromarray(drawn_slice(150))
    drawn.save(tmp_path / "one.png")
    drawn.save(tmp_path / "again.bmp")
    drawn.convert("RGB").save(tmp_path / "grey.tif")
    drawn.resize((48, 192), Image.Resampling.NEAREST).save(tmp_path / "stretched.png")
    Image.fromarray(drawn_slice(151)).save(tmp_path / "other.png")
    files = sorted(tmp_path.iterdir())
    found = learned_hashes(LabelledPicture(file, 1, file.name) for file in files)
    return {file.stem: one for file, one in zip(files, found, strict=True)}


def test_greys_count_and_neither_name_nor_format(pictures: dict[str, str]) -> None:
    assert pictures["one"] == pictures["again"] == pictures["grey"]
    assert len(set(pictures.values())) == 3
    assert overlap(pictures.values(), {pictures["one"]}) == 3


def test_the_file_belongs_to_its_card(tmp_path: Path) -> None:
    weights = tmp_path / "new" / "net.safetensors"
    assert read_learned(weights, {}) is None
    card = {"learned": write_learned(weights, ["b", "a", "b"])}
    file = weights.with_suffix(".learned")
    assert list(weights.parent.iterdir()) == [file]  # the card comes later
    assert card["learned"]["slices"] == 2
    assert file.read_text() == "a\nb\n"
    assert read_learned(weights, card) == {"a", "b"}
    file.write_text("a\n")
    with pytest.raises(CheckpointError, match=r"net\.learned is not what the card net\.json"):
        read_learned(weights, card)
    file.unlink()
    assert read_learned(weights, card) is None
