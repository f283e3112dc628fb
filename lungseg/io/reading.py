"""How a file is to be read."""

from __future__ import annotations

from dataclasses import dataclass

from lungseg.io.window import LUNG_WINDOW, Window

MAX_PIXELS = 100_000_000  # 10,000 x 10,000; decoded, that takes about 1 GB


@dataclass(frozen=True)
class Reading:
    """How to read: ``hu_offset`` (value = HU + ``hu_offset``) makes 16-bit values HU,
    ``window`` (centre, width) in HU, ``max_pixels`` per slice."""

    hu_offset: float | None = None
    window: Window = LUNG_WINDOW
    max_pixels: int = MAX_PIXELS
