"""Slices of many files in order, decoded only a few files ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.read_ahead import FILES_AHEAD_PER_WORKER, read_ahead


@pytest.fixture
def files(tmp_path: Path, drawn_slice: Callable[..., NDArray[np.uint8]]) -> list[Path]:
    """A picture, a stack of three pages, a broken file, and 20 more pictures."""
    picture = Image.fromarray(drawn_slice())
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "b.tif", save_all=True, append_images=[picture, picture])
    (tmp_path / "c.png").write_bytes(b"no picture")
    for number in range(20):
        picture.save(tmp_path / f"d{number:02}.png")
    return sorted(tmp_path.iterdir())


def keys(files: Sequence[Path], workers: int, start: tuple[int, int] = (0, 0)) -> list[object]:
    return [
        (item.position, item.index, item.slice is None)
        for item in read_ahead(files, workers, start=start)
    ]


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_order_is_that_of_the_files_and_their_pages(files: list[Path], workers: int) -> None:
    assert keys(files, workers) == [
        (0, 0, False),
        (1, 0, False),
        (1, 1, False),
        (1, 2, False),
        (2, 0, True),
        *[(position, 0, False) for position in range(3, 23)],
    ]


@pytest.mark.parametrize("workers", [0, 2])
def test_every_start_gives_the_rest_of_the_same_items(files: list[Path], workers: int) -> None:
    whole = keys(files, 0)
    for start in [(0, 1), (1, 0), (1, 2), (1, 3), (2, 1), (22, 1)]:
        rest = [key for key in whole if key[:2] >= start]  # type: ignore[index]
        assert keys(files, workers, start) == rest


def test_a_file_that_cannot_be_read_says_why(files: list[Path]) -> None:
    errors = [item.error for item in read_ahead(files, 2) if item.slice is None]
    assert len(errors) == 1
    assert "c.png" in errors[0]


class Recorded(list[Path]):
    """Files that remember how far they were asked for."""

    furthest = 0

    def __getitem__(self, position):  # type: ignore[no-untyped-def]  # list's overloads
        self.furthest = max(self.furthest, position)
        return super().__getitem__(position)


def test_only_a_few_files_are_opened_ahead(files: list[Path]) -> None:
    recorded = Recorded(files[3:])
    items = read_ahead(recorded, 2)
    next(items)
    assert recorded.furthest <= 2 * FILES_AHEAD_PER_WORKER
    items.close()
