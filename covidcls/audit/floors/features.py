"""One thing that a floor may see of every image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Features:
    """``values``: float32 N x F, a row for each image; ``name`` such as ``metadata``.

    ``saw``: the same in words, as ``a forest that saw ...``. ``neutral``: after neutral decoding.
    ``caveat``: by what way the disease itself may show in it; empty where it cannot.
    """

    name: str
    saw: str
    values: NDArray[np.float32]
    neutral: bool = False
    caveat: str = ""
