"""What the quick model sees of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.traces import resized

# Pixels a side: enough to know a patient again. Statistics of the grey values beside them changed
# no AUC on COVID-CT by more than 0.015.
_SIDE = 24


def glimpse(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture, uint8 H x W, as 24 x 24 pixels, the aspect given up."""
    return np.asarray(resized(grey, _SIDE), np.uint8)
