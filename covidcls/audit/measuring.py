"""All that the audit measures on the pixels of a picture, in the one pass that decodes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.floors.looks import Looks, looks_of
from covidcls.audit.splits.glimpse import glimpse
from covidcls.audit.traces import Trace, trace


@dataclass(frozen=True, eq=False)
class Measured:
    """``trace``: what its copies are found by; ``looks``: what floors see of it; ``glimpse``: what
    the quick model sees that compares splits."""

    trace: Trace
    looks: Looks
    glimpse: NDArray[np.uint8]


def measure(grey: NDArray[np.uint8]) -> Measured:
    """The measurements of a picture, uint8 H x W; for ``reading.read_files``."""
    return Measured(trace(grey), looks_of(grey), glimpse(grey))
