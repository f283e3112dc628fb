"""What a floor sees of a picture whose lungs are taken out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.floors.features import Features
from covidcls.data.lung_free import SIDE, lung_free_picture

if TYPE_CHECKING:
    from covidcls.data.mask_cache import MaskCache
    from covidcls.views.lungs import Lungs
    from lungseg.slice import Slice

SAW = f"{SIDE} x {SIDE} pixels with the lungs removed"


def lung_free_features(paths: Sequence[Path], cache: MaskCache) -> list[Features]:
    """Pictures without lungs, as published and after neutral decoding.

    ``cache``: masks of stage 1, which needs torch; what it does not hold is computed, slowly. A
    picture in which no lung is found stays whole. Raises UnreadableError for a file that cannot be
    decoded.
    """
    import cv2

    from covidcls.audit.floors.neutral import neutral_square

    published: list[NDArray[np.float32]] = []
    decoded: list[NDArray[np.float32]] = []
    lungless = 0

    def use(index: int, one: Slice, lungs: Lungs) -> None:
        nonlocal lungless
        lungless += not lungs.mask.any()
        published.append(lung_free_picture(one.pixels, lungs.mask).ravel())
        square, _ = neutral_square(np.round(one.pixels * 255).astype(np.uint8))
        mask = lungs.mask.astype(np.uint8)
        fitted = cv2.resize(mask, square.shape, interpolation=cv2.INTER_NEAREST)
        pixels = square.astype(np.float32) / np.float32(255)
        decoded.append(lung_free_picture(pixels, fitted > 0).ravel())

    cache.each(paths, use)
    saw = f"{SAW} ({lungless} whole, as no lung was found)" if lungless else SAW
    caveat = "lesions that the mask leaves out, and the outline of the lungs, are still in it"
    return [
        Features("lung_free", saw, np.stack(published), False, caveat),
        Features("lung_free", saw, np.stack(decoded), True, caveat),
    ]
