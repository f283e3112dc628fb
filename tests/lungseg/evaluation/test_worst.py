"""The sheet shows the worst slices, with both outlines."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.drawing import LINE, TRUE
from lungseg.evaluation.worst import KEPT, PREDICTED, Overlay, Worst, draw_sheet
from lungseg.metrics import Overlap
from lungseg.slice import Slice, Source


def overlay(name: str, true: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Overlay:
    picture = Slice(np.full(true.shape, 0.5, np.float32), Source(name))
    return Overlay(name, 0, Overlap.of(predicted, true), picture, true, predicted)


def square(side: int, at: int = 10, shape: tuple[int, int] = (60, 80)) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    mask[at : at + side, at : at + side] = True
    return mask


def test_the_lowest_dice_come_first_and_the_larger_error_among_equals() -> None:
    worst = Worst()
    nothing = square(0)
    for n in range(12):
        worst.add(overlay(f"fair{n}", square(20), square(20 - n)))
    worst.add(overlay("invented", nothing, square(30)))
    worst.add(overlay("missed", square(5), nothing))
    worst.add(overlay("rightly empty", nothing, nothing))
    names = [one.case for one in worst.overlays]
    assert names[:4] == ["invented", "missed", "fair11", "fair10"]
    assert len(names) == KEPT
    assert "rightly empty" not in names


@pytest.mark.parametrize("shape", [(60, 80), (900, 300), (32, 32)])
@pytest.mark.parametrize("count", [1, 6, 10])
def test_the_sheet_has_every_tile_with_both_outlines(shape: tuple[int, int], count: int) -> None:
    names = ["a very long name " * 5, "\udcff"] + ["c"] * 8
    given = [overlay(name, square(10, 5, shape), square(10, 12, shape)) for name in names[:count]]
    sheet = draw_sheet(given, "lungs")
    below = sheet[2 * LINE :]  # without the legend, which has both colours anyway
    for colour in (TRUE, PREDICTED):
        columns = (below == colour).all(axis=-1).any(axis=0)
        tiles = min(count, 5)
        starts = [4 + tile * 408 for tile in range(tiles)]
        assert all(columns[start : start + 400].any() for start in starts)
    assert below.shape[0] == (400 + LINE) * (1 if count <= 5 else 2)
