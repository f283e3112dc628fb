"""True masks: what is written in a picture or a volume, and which of it is the target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lungseg.io.read import read_slices

Target = Literal["lung", "lesion"]

EFFUSION = 3  # the class beside 1 ground glass and 2 consolidation that is no lesion of the lung
MOST_LABELS = 32  # a mask of more grey values is one that was compressed or resized


def read_labels(path: Path) -> Iterator[NDArray[np.uint8]]:
    """The values of each page of a picture as they are written, H x W, those above 255 as 255.

    Black and white of 1 bit is 0 and 255. Raises what ``read_slices`` raises.
    """
    as_written = (127.5, 255.0)  # a window from 0 to 255
    for page in read_slices(path, hu_offset=0, window=as_written):
        yield labels_of(page.pixels * 255)


def labels_of(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Labels of the values of a mask, rounded, and those beyond 0 and 255 brought there."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def target_of(labels: NDArray[np.uint8], target: Target) -> tuple[NDArray[np.bool_], str]:
    """Bool mask of what is not zero in ``labels`` (H x W), and what had to be assumed for it.

    A lesion is any class but ``EFFUSION``. Where there are more than ``MOST_LABELS`` values (a
    JPEG, or a mask that was resized smoothly) it is what is at least half as bright as the largest.
    """
    values = np.flatnonzero(np.bincount(labels.ravel(), minlength=256))
    if len(values) > MOST_LABELS:
        half = values[-1] / 2
        return labels >= half, f"a mask of {len(values)} grey values: {half:g} and more is target"
    found = labels != 0
    return (found & (labels != EFFUSION) if target == "lesion" else found), ""
