"""Validation slices as other hospitals might show them, the same at every run.

No scan of another hospital is to be had for choosing a network by, so slices of validation patients
are turned, thinned out, darkened, squeezed and shrunk. The training augmentation draws such looks
at random; here each is one fixed, strong case. Ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.data.sources import LUNG, WIDE_WINDOW, MaskedSlice, resized_masks

Array = NDArray[np.uint8]
STRESS = "stress "  # begins the name of a validation source of such slices
THUMBNAIL = 56  # pixels on the longer side, of the smallest slices of COVID-CT


def stressed(slices: Sequence[MaskedSlice], every: int) -> dict[str, list[MaskedSlice]]:
    """Each ``every``-th of ``slices`` (a validation source) in every look, by the look's name.

    A look that adds a frame leaves out slices whose lung reaches the old one: lung beside black,
    without a chest wall, is no hospital's.
    """
    chosen = slices[::every]
    whole = [one for one in chosen if not _reaches_frame(one.masks[..., LUNG])]
    return {
        look: [change(one) for one in (whole if look in FRAMED else chosen)]
        for look, change in LOOKS.items()
    }


def _reaches_frame(lung: Array) -> bool:
    return bool(lung[[0, -1]].any() or lung[:, [0, -1]].any())


def displayed(one: MaskedSlice, low: float, high: float) -> MaskedSlice:
    """A wide slice through the window from ``low`` to ``high`` HU; others as they are."""
    if not one.wide:
        return one
    start, end = WIDE_WINDOW
    hu = one.picture.astype(np.float32) / 255 * (end - start) + start
    shown = np.clip((hu - low) / (high - low), 0, 1) * 255
    return replace(one, picture=shown.round().astype(np.uint8), wide=False)


def _turned(one: MaskedSlice) -> MaskedSlice:
    """On its side, as decubitus scans and wrong orientation tags show it."""
    one = displayed(one, -1350, 150)
    return replace(
        one,
        picture=np.ascontiguousarray(np.rot90(one.picture)),
        masks=np.ascontiguousarray(np.rot90(one.masks)),
    )


def _thumbnail(one: MaskedSlice) -> MaskedSlice:
    """Scaled up from very few pixels."""
    one = displayed(one, -1350, 150)
    height, width = one.picture.shape
    scale = THUMBNAIL / max(height, width)
    small = cv2.resize(one.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return replace(one, picture=np.asarray(large, np.uint8))


def _dark(one: MaskedSlice) -> MaskedSlice:
    """All of a scanner's range in 8 bits, so that the body is dark grey."""
    one = displayed(one, -1024, 3071) if one.wide else replace(one, picture=one.picture // 4)
    return one


def _far(one: MaskedSlice) -> MaskedSlice:
    """Half as large in a wide field of view."""
    one = displayed(one, -1350, 150)
    height, width = one.picture.shape
    picture, masks = np.zeros_like(one.picture), np.zeros_like(one.masks)
    shape = (width // 2, height // 2)
    place = np.s_[height // 4 : height // 4 + shape[1], width // 4 : width // 4 + shape[0]]
    picture[place] = cv2.resize(one.picture, shape, interpolation=cv2.INTER_AREA)
    masks[place] = resized_masks(one.masks, shape[::-1])
    return replace(one, picture=picture, masks=masks)


def _squeezed(one: MaskedSlice) -> MaskedSlice:
    """Six tenths as high, in a black square."""
    one = displayed(one, -1350, 150)
    height, width = one.picture.shape
    low = round(height * 0.6)
    rest = height - low

    def squeeze(array: Array, how: int) -> Array:
        small = cv2.resize(array, (width, low), interpolation=how)
        border = (rest // 2, rest - rest // 2, 0, 0)
        return np.asarray(cv2.copyMakeBorder(small, *border, cv2.BORDER_CONSTANT), np.uint8)

    return replace(
        one,
        picture=squeeze(one.picture, cv2.INTER_AREA),
        masks=squeeze(one.masks, cv2.INTER_NEAREST_EXACT),
    )


LOOKS: Mapping[str, Callable[[MaskedSlice], MaskedSlice]] = {
    "turned": _turned,
    "thumbnail": _thumbnail,
    "dark": _dark,
    "far": _far,
    "squeezed": _squeezed,
}
FRAMED = ("far", "squeezed")
