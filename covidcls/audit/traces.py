"""What is kept of a picture to find its copies: perceptual hashes, and a small square picture."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 256  # pixels of the square picture in which two pictures are compared
HASH_BITS = 256  # 64 tell a copy from the thousands of other chests by too little
_HASH_SIDE = 16
# Shares cut from every side before hashing. Of two pictures, one cropped by up to 5 % from any
# side, some pair of these views agrees (copies planted in COVID-CT were among the 8 nearest of
# 3,000 pictures in more than 99 %).
_CROPS = (0.0, 0.03, 0.06)
N_VIEWS = len(_CROPS)

Grey = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Trace:
    """``upright``, ``mirrored``: packed perceptual hashes, uint8, N_VIEWS x HASH_BITS / 8.

    ``square``: uint8, SIDE x SIDE, the aspect given up. ``detail``: the shorter side of the
    picture, at most SIDE: what is finer in ``square`` was made up by its enlargement.
    """

    upright: NDArray[np.uint8]
    mirrored: NDArray[np.uint8]
    square: Grey
    detail: int


def trace(grey: Grey) -> Trace:
    """The trace of a picture, uint8 H x W."""
    square = resized(grey, SIDE)
    # hashing looks at 64 x 64 averages: a quarter of the pixels gives the same bits sooner
    small = resized(square, SIDE // 2)
    return Trace(_hashes(small), _hashes(small[:, ::-1]), square, min(SIDE, *grey.shape))


def resized(picture: NDArray[Any], side: int) -> NDArray[Any]:
    """``picture`` as ``side`` x ``side``, averaged where it shrinks."""
    import cv2

    shrinks = min(picture.shape) >= side
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (side, side), interpolation=how))


def _hashes(small: Grey) -> NDArray[np.uint8]:
    import imagehash
    from PIL import Image

    side = small.shape[0]
    views = []
    for share in _CROPS:
        cut = round(share * side)
        view = Image.fromarray(np.ascontiguousarray(small[cut : side - cut, cut : side - cut]))
        views.append(np.packbits(imagehash.phash(view, hash_size=_HASH_SIDE).hash))
    return np.stack(views)


class TraceStore:
    """The traces of ``n`` pictures; the squares lie in a temporary file (64 KiB each), not in
    memory."""

    def __init__(self, n: int) -> None:
        self.upright = np.zeros((n, N_VIEWS, HASH_BITS // 8), np.uint8)
        self.mirrored = np.zeros_like(self.upright)
        self.detail = np.zeros(n, np.int32)
        shape = (max(n, 1), SIDE, SIDE)
        file = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the array
        self.squares: NDArray[np.uint8] = np.memmap(file, np.uint8, "w+", shape=shape)

    def __setitem__(self, index: int, found: Trace) -> None:
        self.upright[index] = found.upright
        self.mirrored[index] = found.mirrored
        self.detail[index] = found.detail
        self.squares[index] = found.square
