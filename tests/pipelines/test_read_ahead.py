"""Slices of many inputs in order, decoded only a few inputs ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.io import Input, group_inputs
from pipelines.read_ahead import INPUTS_AHEAD_PER_WORKER, read_ahead


@pytest.fixture
def inputs(tmp_path: Path, drawn_slice: Callable[..., NDArray[np.uint8]]) -> list[Input]:
    """A picture, a stack of three pages, a broken file, and 20 more pictures."""
    picture = Image.fromarray(drawn_slice())
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "b.tif", save_all=True, append_images=[picture, picture])
    (tmp_path / "c.png").write_bytes(b"no picture")
    for number in range(20):
        picture.save(tmp_path / f"d{number:02}.png")
    return list(group_inputs(sorted(tmp_path.iterdir()), tmp_path).inputs)


def keys(inputs: Sequence[Input], workers: int, start: tuple[int, int] = (0, 0)) -> list[object]:
    return [
        (item.position, item.index, item.slice is None)
        for item in read_ahead(inputs, workers, start=start)
    ]


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_order_is_that_of_the_inputs_and_their_pages(inputs: list[Input], workers: int) -> None:
    assert keys(inputs, workers) == [
        (0, 0, False),
        (1, 0, False),
        (1, 1, False),
        (1, 2, False),
        (2, 0, True),
        *[(position, 0, False) for position in range(3, 23)],
    ]


@pytest.mark.parametrize("workers", [0, 2])
def test_every_start_gives_the_rest_of_the_same_items(inputs: list[Input], workers: int) -> None:
    whole = keys(inputs, 0)
    for start in [(0, 1), (1, 0), (1, 2), (1, 3), (2, 1), (22, 1)]:
        rest = [key for key in whole if key[:2] >= start]  # type: ignore[index]
        assert keys(inputs, workers, start) == rest


def test_a_file_that_cannot_be_read_says_why(inputs: list[Input]) -> None:
    errors = [item.error for item in read_ahead(inputs, 2) if item.slice is None]
    assert len(errors) == 1
    assert "c.png" in errors[0]


class Recorded(list[Input]):
    """Inputs that remember how far they were asked for."""

    furthest = 0

    def __getitem__(self, position):  # type: ignore[no-untyped-def]  # list's overloads
        self.furthest = max(self.furthest, position)
        return super().__getitem__(position)


def test_only_a_few_inputs_are_opened_ahead(inputs: list[Input]) -> None:
    recorded = Recorded(inputs[3:])
    items = read_ahead(recorded, 2)
    next(items)
    assert recorded.furthest <= 2 * INPUTS_AHEAD_PER_WORKER
    items.close()
