"""Pictures of explained slices: the slice, and beside it each map with its score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covidcls.explanation import drawing as maps
from covidcls.explanation.drawing import SIDE
from lungseg import drawing
from lungseg.drawing import Picture
from lungseg.slice import Slice
from pipelines.text import one_line

if TYPE_CHECKING:
    from covidcls.explanation.explain import Explanation, Method
    from pipelines.explain_figures import Explained

LONGEST = 42  # characters of a name that fit below a panel
SHOWN, COLUMNS = 16, 2  # pictures on a sheet


def plain_panel(one: Slice, lung: NDArray[np.bool_], name: str) -> Picture:
    """The slice with the contour of its lungs (bool H x W), and its name."""
    words = (drawing.ending(one_line(name), LONGEST), "", "")
    return drawing.tile(maps.draw_slice(one, lung), SIDE, SIDE, *words)


def panel(one: Slice, lung: NDArray[np.bool_], explanation: Explanation, row: Explained) -> Picture:
    """The slice under its evidence, and below it the score and where the evidence lies."""
    energy = explanation.energy
    inside = "-" if energy.energy_inside is None else f"{energy.energy_inside:.0%}"
    words = (
        drawing.ending(one_line(f"{row.classifier}, {row.method}"), LONGEST),
        f"{row.label} {row.probability:.3f}, threshold {row.threshold:.3f}",
        f"{inside} in lungs ({energy.lung_share:.0%} by chance) of {energy.evidence:.2g} log-odds",
    )
    return drawing.tile(maps.draw_evidence(one, lung, explanation), SIDE, SIDE, *words)


def picture_of(panels: Sequence[Picture], methods: Sequence[Method]) -> Picture:
    """Panels beside each other, above what the colours mean."""
    beside = np.hstack(panels)
    width = beside.shape[1]
    full = ", ".join(f"{maps.FULL[method]:g} ({method})" for method in methods)
    scale = {f"full colour from log-odds of {full}": drawing.TEXT}
    return np.vstack([beside, drawing.line(width, maps.KEY), drawing.line(width, scale)])


def sheet_of(files: Sequence[Path]) -> Picture:
    """SHOWN of the pictures, which are of one size, evenly from first to last."""
    import cv2

    places = np.unique(np.linspace(0, len(files) - 1, min(SHOWN, len(files))).round().astype(int))
    pictures = []
    for place in places:
        content = np.frombuffer(files[place].read_bytes(), np.uint8)
        pictures.append(np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8))
    return drawing.sheet(pictures, min(COLUMNS, len(pictures)))
