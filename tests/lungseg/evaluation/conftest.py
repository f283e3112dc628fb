"""A segmenter whose masks are known, and pairs of drawn slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.lung_mask import LungMask
from lungseg.slice import Slice


class DarkIsLung:
    """Stands for a segmenter, so that what it finds is known: lung is dark, lesion darkest."""

    name = "dark-is-lung"
    min_chest_ct = 2.0  # nothing is a chest CT the other way round: surroundings are bright here

    def predict(self, slices: Sequence[Slice], batch_size: int = 16) -> list[LungMask]:
        assert len(slices) <= batch_size
        return [
            LungMask(one.pixels < 0.3, 1 - one.pixels, one.pixels < 0.1, 1.0, ("uncertain",))
            for one in slices
        ]


@pytest.fixture
def segmenter() -> Any:
    """``DarkIsLung``."""
    return DarkIsLung()


@pytest.fixture
def write_pair(tmp_path: Path) -> Callable[..., None]:
    """Write ``images/NAME`` with dark pixels where ``found``, and ``masks/NAME`` as given."""

    def write(name: str, found: NDArray[np.bool_], true: NDArray[np.bool_]) -> None:
        for folder, picture in (
            ("images", np.where(found, 50, 200)),
            ("masks", true * 255),
        ):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(picture.astype(np.uint8)).save(tmp_path / folder / f"{name}.png")

    return write


def draw_bar(start: int, width: int = 10) -> NDArray[np.bool_]:
    """A bar in a picture of 40 x 50, ``start`` pixels from the left."""
    mask = np.zeros((40, 50), bool)
    mask[10:30, start : start + width] = True
    return mask


@pytest.fixture
def bar() -> Callable[..., NDArray[np.bool_]]:
    """``draw_bar``."""
    return draw_bar


@pytest.fixture
def folder(tmp_path: Path, write_pair: Callable[..., None]) -> Path:
    """Five slices: found, two pixels off, missed, rightly empty, invented."""
    nothing = draw_bar(0, 0)
    write_pair("a-found", draw_bar(5), draw_bar(5))
    write_pair("b-moved", draw_bar(7), draw_bar(5))
    write_pair("c-missed", nothing, draw_bar(5))
    write_pair("d-empty", nothing, nothing)
    write_pair("e-invented", draw_bar(5), nothing)
    return tmp_path
