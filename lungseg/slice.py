"""The normal form of one CT slice; nothing after the reader asks what file it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal["hu", "display"]


@dataclass(frozen=True)
class Source:
    """Where a slice came from: ``path`` (or a name for an array), ``index`` from 0, ``series``."""

    path: str
    index: int = 0
    series: str | None = None


@dataclass(frozen=True, eq=False)
class Slice:
    """One slice ready for stage 1.

    ``pixels``: float32, H x W, row by row in memory, in [0, 1] after windowing (pictures are taken
    as displayed).
    ``scale``: ``"hu"`` when the values behind the window were Hounsfield units.
    ``spacing``: (row, column) in mm, or None. ``step``: mm to the next slice of its volume or
    series, or None; ``sharing``: how many slices lie in its place. ``orientation``: such as
    ``"LPS"``, or None.
    ``colour``: share of the pixels that are clearly coloured, 0 to 1 (0 for a grey picture).
    ``messages``: what the reader had to assume, in words for a person.
    ``refusal``: why its header says that it is no axial CT slice, empty where it does not.
    """

    pixels: NDArray[np.float32]
    source: Source
    scale: Scale = "display"
    spacing: tuple[float, float] | None = None
    orientation: str | None = None
    colour: float = 0.0
    messages: tuple[str, ...] = ()
    refusal: str = ""
    step: float | None = None
    sharing: int = 1

    def __post_init__(self) -> None:
        # of a volume whose rows lie in another order, and of an array that NumPy keeps by columns
        object.__setattr__(self, "pixels", np.ascontiguousarray(self.pixels))

    @property
    def voxel_ml(self) -> float | None:
        """Millilitres that one pixel stands for: its area times ``step``, shared by the slices in
        one place, so that none counts twice; None where area or step is not known."""
        if self.spacing is None or self.step is None:
            return None
        row, column = self.spacing
        return row * column * self.step / self.sharing / 1000

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        height, width = self.pixels.shape
        return height, width
