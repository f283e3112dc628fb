"""How a picture looks to one who does not look at the lungs: its greys, its frame, its layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from covidcls.audit.floors.features import Features
from covidcls.audit.floors.metadata import metadata_features
from covidcls.audit.floors.neutral import neutral_facts, neutral_square
from covidcls.audit.traces import resized

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# The frame: so narrow, 1/16 of each side, that little lung is in it even in a tight crop.
_FRAME_OF, _FRAME = 32, 2
_TINY = 8  # pixels a side: the layout shows, a vessel or a small lesion does not

Grey = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Look:
    """``statistics`` of greys and border, float32; ``frame``, ``tiny``: pixels in a row, uint8."""

    statistics: NDArray[np.float32]
    frame: Grey
    tiny: Grey


@dataclass(frozen=True, eq=False)
class Looks:
    """A picture as published and after neutral decoding, which makes it ``neutral_bytes`` long."""

    published: Look
    neutral: Look
    neutral_bytes: int


def looks_of(grey: Grey) -> Looks:
    """The looks of a picture, uint8 H x W."""
    decoded, n_bytes = neutral_square(grey)
    return Looks(_look(grey), _look(decoded), n_bytes)


def look_features(looks: Sequence[Looks]) -> list[Features]:
    """All that a floor may see of the pixels alone, as published and after neutral decoding."""
    return [
        *_features([one.published for one in looks], neutral=False),
        metadata_features([neutral_facts(one.neutral_bytes) for one in looks], neutral=True),
        *_features([one.neutral for one in looks], neutral=True),
    ]


def _features(looks: Sequence[Look], neutral: bool) -> list[Features]:
    return [
        Features(
            "statistics",
            "the grey levels of the whole picture and of its outermost line",
            np.stack([look.statistics for look in looks]),
            neutral,
            "lungs full of lesions are brighter on the whole",
        ),
        Features(
            "frame",
            f"the outer 1/{_FRAME_OF // _FRAME} of each side",
            np.stack([look.frame for look in looks]).astype(np.float32),
            neutral,
        ),
        Features(
            "tiny",
            f"the picture as {_TINY} x {_TINY} pixels",
            np.stack([look.tiny for look in looks]).astype(np.float32),
            neutral,
            "a large lesion is a brighter pixel",
        ),
    ]


def _look(grey: Grey) -> Look:
    small = resized(grey, _FRAME_OF)
    inside = np.zeros(small.shape, np.bool_)
    inside[_FRAME:-_FRAME, _FRAME:-_FRAME] = True
    return Look(_statistics(grey), small[~inside], resized(grey, _TINY).ravel())


def _statistics(grey: Grey) -> NDArray[np.float32]:
    """Greys of all pixels (mean, spread, quantiles, shares of black and white, sharpness), of each
    side's line (mean, spread) and of the corners."""
    lines = (grey[0], grey[-1], grey[:, 0], grey[:, -1])
    sharpness = np.abs(cv2.Laplacian(grey, cv2.CV_16S)).mean()
    values = [
        grey.mean(),
        grey.std(),
        *np.quantile(grey, _QUANTILES),
        (grey == 0).mean(),
        (grey == 255).mean(),
        sharpness,
        *(line.mean() for line in lines),
        *(line.std() for line in lines),
        *grey[[0, 0, -1, -1], [0, -1, 0, -1]],
    ]
    return np.array(values, np.float32)
