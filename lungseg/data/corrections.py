"""Corrections that a person drew onto threshold masks, kept as polygons without any picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UsageError
from lungseg.threshold import AIR_HU

Kind = Literal["lung", "air", "tissue"]
Step = tuple[Kind, list[tuple[int, int]]]


def read_corrections(path: Path) -> dict[str, list[Step]]:
    """Steps by stem from a JSON file: ``{"025": [["lung", [[x, y], ...]], ...]}``, in pixels.

    Raises UsageError for a file that is missing, no JSON, or says something else.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        steps = {
            stem: [(kind, [(int(x), int(y)) for x, y in polygon]) for kind, polygon in given]
            for stem, given in stored.items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"cannot read the corrections {path}: {error}") from error
    unknown = {kind for given in steps.values() for kind, _ in given} - set(get_args(Kind))
    if unknown:
        raise UsageError(
            f"{path} has corrections of kind {', '.join(sorted(map(str, unknown)))}; "
            f"known are {', '.join(get_args(Kind))}"
        )
    return steps


def corrected(
    mask: NDArray[np.bool_],
    hu: NDArray[np.float32],
    stem: str,
    corrections: Mapping[str, Sequence[Step]],
) -> NDArray[np.bool_]:
    """``mask`` (bool H x W) after the steps of ``stem``, ``hu`` (float32 H x W) being its slice.

    ``lung``: all of the polygon is lung; ``air``: what is below ``AIR_HU`` in it; ``tissue``: none.
    """
    result = mask.copy()
    for kind, polygon in corrections.get(stem, ()):
        inside = np.zeros(mask.shape, np.uint8)
        cv2.fillPoly(inside, [np.array(polygon, np.int32)], (1,))
        region = inside > 0
        if kind == "lung":
            result |= region
        elif kind == "air":
            result |= region & (hu < AIR_HU)
        else:
            result &= ~region
    return result
