"""Neutral decoding as the floors use it: every picture made a file like all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.file_facts import FileFacts
from covidcls.views.neutral import neutral

# A usual input of a network, so nothing is lost that one would see; most published files are larger
# and lose their own sharpness, a smaller one stays blurred.
SIDE = 224  # pixels


def neutral_square(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """A picture (uint8 H x W) as SIDE x SIDE after JPEG, and the bytes of that file."""
    return neutral(grey, SIDE)


def neutral_facts(n_bytes: int) -> FileFacts:
    """The facts of a neutral file; only its bytes differ from picture to picture."""
    return FileFacts(
        ".jpg", n_bytes, "JPEG", "JPEG", width=SIDE, height=SIDE, mode="L", n_metadata=0
    )
