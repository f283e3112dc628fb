"""The worst slices of an evaluation on one sheet, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungseg.metrics import Overlap
from lungseg.slice import Slice

KEPT = 10
TRUE_COLOUR = (0, 212, 255)  # yellow, as OpenCV orders it (blue, green, red)
PREDICTED_COLOUR = (255, 160, 0)  # blue: told from yellow by the colour-blind as well
TEXT_COLOUR = (235, 235, 235)
COLUMNS, SIDE, BAND, GAP = 5, 400, 26, 8  # of a tile, its line of text and between tiles, pixels
LONGEST = 34  # characters of a name that fit beside its Dice

Picture = NDArray[np.uint8]


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

    Where the outlines agree, the predicted one covers the true one. Returns H x W x 3 uint8 in
    OpenCV's order (blue, green, red).
    """
    rows = -(-len(overlays) // COLUMNS)
    width = GAP + max(min(COLUMNS, len(overlays)), 2) * (SIDE + GAP)  # two columns hold the title
    sheet = np.zeros((2 * BAND + rows * (SIDE + BAND), width, 3), np.uint8)
    _write(sheet, title, GAP, BAND, TEXT_COLOUR)
    _write(sheet, "true outline", GAP, 2 * BAND, TRUE_COLOUR)
    _write(sheet, "predicted outline (over the true one)", GAP + 120, 2 * BAND, PREDICTED_COLOUR)
    for place, overlay in enumerate(overlays):
        top = 2 * BAND + place // COLUMNS * (SIDE + BAND)
        left = GAP + place % COLUMNS * (SIDE + GAP)
        tile = _tile(overlay)
        y, x = top + (SIDE - tile.shape[0]) // 2, left + (SIDE - tile.shape[1]) // 2
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
        said = f"{_short(overlay.case)} [{overlay.index}]  Dice {overlay.overlap.dice:.3f}"
        _write(sheet, said, left, top + SIDE + BAND, TEXT_COLOUR)
    return sheet


def encode_sheet(overlays: Sequence[Overlay], title: str) -> bytes:
    """The sheet as PNG."""
    import cv2

    _, content = cv2.imencode(".png", draw_sheet(overlays, title))
    return bytes(content.tobytes())


def _tile(overlay: Overlay) -> Picture:
    """The slice in grey with both outlines, its longer side of ``SIDE`` pixels."""
    import cv2

    height, width = overlay.slice.shape
    scale = SIDE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    grey = (overlay.slice.pixels * 255 + 0.5).astype(np.uint8)
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    tile = cv2.cvtColor(cv2.resize(grey, size, interpolation=smooth), cv2.COLOR_GRAY2BGR)
    for mask, colour in ((overlay.true, TRUE_COLOUR), (overlay.predicted, PREDICTED_COLOUR)):
        shown = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(shown, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, outlines, -1, colour, 1)
    return np.asarray(tile, np.uint8)


def _short(name: str) -> str:
    """The end of a name that is too long, where names of one set differ."""
    return name if len(name) <= LONGEST else f"...{name[3 - LONGEST :]}"


def _write(sheet: Picture, text: str, left: int, bottom: int, colour: tuple[int, int, int]) -> None:
    import cv2

    plain = text.encode("ascii", "replace").decode()  # what OpenCV's fonts have
    place = (left, bottom - 9)
    cv2.putText(sheet, plain, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
