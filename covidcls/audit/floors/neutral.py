"""Neutral decoding: every picture made a file like all others, to see what that leaves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from covidcls.audit.file_facts import FileFacts
from covidcls.audit.traces import resized

# Square, the aspect given up: bars around the picture would tell it again. A usual input of a
# network, so nothing is lost that one would see; most published files are larger and lose their
# own sharpness, a smaller one stays blurred.
SIDE = 224  # pixels
# Last, so that the blocks lie in every picture alike; coarse enough to cover those of the file.
_QUALITY = 75


def neutral(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """A picture (uint8 H x W) as SIDE x SIDE after JPEG, and the bytes of that file."""
    square = resized(grey, SIDE)
    _, encoded = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8), len(encoded)


def neutral_facts(n_bytes: int) -> FileFacts:
    """The facts of a neutral file; only its bytes differ from picture to picture."""
    return FileFacts(
        ".jpg", n_bytes, "JPEG", "JPEG", width=SIDE, height=SIDE, mode="L", n_metadata=0
    )
