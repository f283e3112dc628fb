"""The worst slices of an evaluation on one sheet, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungseg import drawing
from lungseg.drawing import Picture
from lungseg.metrics import Overlap
from lungseg.slice import Slice

KEPT = 10
PREDICTED = drawing.LUNG  # of lesions too: they have a sheet of their own
KEY = {"true outline": drawing.TRUE, "predicted outline (over the true one)": PREDICTED}
COLUMNS, SIDE, GAP = 5, 400, 8  # of tiles; pixels of a picture and beside it
LONGEST = 34  # characters of a name that fit beside its Dice


@dataclass(frozen=True, eq=False)
class Overlay:
    """A slice with its masks, bool H x W each: the ``true`` one and the ``predicted`` one."""

    case: str
    index: int
    overlap: Overlap
    slice: Slice
    true: NDArray[np.bool_]
    predicted: NDArray[np.bool_]

    @property
    def rank(self) -> tuple[float, int]:
        """Lowest Dice first; among equals that with the most wrong pixels."""
        counts = self.overlap
        return counts.dice, 2 * counts.common - counts.predicted - counts.true


class Worst:
    """Keeps the ``KEPT`` worst of the overlays that it is given, so that memory does not grow.

    Slices without target that are rightly left empty are none of them.
    """

    def __init__(self) -> None:
        self.overlays: list[Overlay] = []

    def add(self, overlay: Overlay) -> None:
        """Keep it if it is among the worst so far."""
        if overlay.overlap.has_target or not overlay.overlap.left_empty:
            self.overlays.append(overlay)
            self.overlays.sort(key=lambda one: one.rank)
            del self.overlays[KEPT:]


def draw_sheet(overlays: Sequence[Overlay], title: str) -> Picture:
    """Tiles of slices with both outlines, each with its name and Dice, below a line with ``title``.

    Where the outlines agree, the predicted one covers the true one.
    """
    tiles = [_tile(overlay) for overlay in overlays]
    drawn = drawing.sheet(tiles, max(min(COLUMNS, len(tiles)), 2))  # two columns hold the title
    width = drawn.shape[1]
    return np.vstack([drawing.line(width, {title: drawing.TEXT}), drawing.line(width, KEY), drawn])


def _tile(overlay: Overlay) -> Picture:
    picture = drawing.fit(overlay.slice.pixels, SIDE)
    drawing.outline(picture, overlay.true, drawing.TRUE)
    drawing.outline(picture, overlay.predicted, PREDICTED)
    name = drawing.ending(overlay.case, LONGEST)
    said = f"{name} [{overlay.index}]  Dice {overlay.overlap.dice:.3f}"
    return drawing.tile(picture, SIDE, SIDE + GAP, said)
