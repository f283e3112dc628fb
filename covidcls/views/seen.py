"""What stage 2 is given of a slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Lesions:
    """``findings``: float32 F, what stage 1 sees in the lesions of the slice. ``probability``: of
    lesion in [0, 1] over the picture that the network sees, float32 h x w of any size."""

    findings: NDArray[np.float32]
    probability: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Seen:
    """``picture``: float32 h x w, or h x w x 3 (grey, lungs, lesion), in [0, 1], for the network.
    ``lesions``: for a fusion with it; None where the view has none."""

    picture: NDArray[np.float32]
    lesions: Lesions | None = None


def lesions_in(seen: Sequence[Seen]) -> list[Lesions]:
    """Those of each. Raises ValueError where one has none: it was seen by another view."""
    found = [one.lesions for one in seen if one.lesions is not None]
    if len(found) < len(seen):
        raise ValueError("a fusion needs the lesions, as its classifier's see() gives them")
    return found
