"""What makes a lung mask doubtful: pieces, area, symmetry, confidence, border, a bright lung.

A flag is a hint for a person and no error: an effusion hides a lung, the tip of one is tiny, a
figure is cropped. The constants were chosen on the true masks of lung-masks, those of the held-out
patients among them, and of medseg-98. In brackets, what share of both they flag, without the
held-out patients (1,300 and 98 slices); medseg-98 touches the border because it was cropped to the
lungs.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_PIECES = 3  # two lungs, and one of them in two where heart or dome divide it (0.6 %, 1 %)
TINY = 0.01  # of the picture (0.4 %, 0 %)
HUGE = 0.75  # of the picture; cropped to the lungs they cover up to 0.71 (0 %, 0 %)
MIN_BALANCE = 0.25  # of the smaller lung to the larger (0.4 %, 0 %)
BRIGHTER = 0.02  # of white, in the mean; true lungs are darker by 0.2 and more (0 %, 0 %)
RING = 0.02  # of the longer side: how far what is next to the lung reaches
MIN_CONTACT = 0.01  # of the picture's border that shows lung (0 %, 100 %)
# Seen on a dozen slices: good masks have 0.92 to 0.99 and 0.04 to 0.32; a base, a lung tip and a
# collage have below 0.88 or above 0.52. Uncertain pixels line the outline, so that small lungs have
# relatively more of them.
MIN_CONFIDENCE = 0.9  # mean probability inside the mask
UNCERTAIN = (0.2, 0.8)  # probabilities from and to
MAX_UNCERTAIN = 0.5  # uncertain pixels of the whole picture, as a share of the mask's

FLAGS = {
    "many-pieces": f"more than {MAX_PIECES} pieces",
    "tiny": "hardly any lung",
    "huge": "implausibly large",
    "one-lung": "one lung missing or much smaller",
    "uncertain": "uncertain outline",
    "touches-border": "touches the border of the picture",
    "bright": "lung brighter than what is around it, the picture may be inverted",
    "dropped": "something was found, but nowhere surely enough to be called lung",
}
"""Every flag, with what it says to a person."""

_GRID = 128  # pixels a side: fine enough to find the middle of the body

Mask = NDArray[np.bool_]
Outline = NDArray[np.int32]


def find_flags(
    mask: Mask, probability: NDArray[np.float32], pixels: NDArray[np.float32]
) -> tuple[str, ...]:
    """Names of what makes ``mask`` doubtful, in the order of FLAGS; none for an empty mask.

    ``dropped`` is not among them: the mask that was is unknown here.

    ``mask``: bool H x W after cleaning; ``probability``: float32 H x W of lung, before it;
    ``pixels``: float32 H x W in [0, 1], the slice, where the middle of the body is looked up.
    """
    area = int(np.count_nonzero(mask))
    if not area:
        return ()
    pieces = _outlines(mask)
    raised = {
        "many-pieces": len(pieces) > MAX_PIECES,
        "tiny": area < TINY * mask.size,
        "huge": area > HUGE * mask.size,
        "one-lung": _balance(pieces) < MIN_BALANCE and _beside_middle(pieces[0], mask, pixels),
        "uncertain": _uncertain(mask, probability, area),
        "touches-border": _contact(mask) >= MIN_CONTACT,
        "bright": _is_bright(mask, pixels, area),
    }
    return tuple(name for name in FLAGS if raised.get(name))


def describe(flags: Sequence[str]) -> str:
    """The flags as one phrase for a person, empty when there are none.

    >>> describe(["one-lung", "uncertain"])
    'check the mask: one lung missing or much smaller, uncertain outline'
    """
    return f"check the mask: {', '.join(FLAGS[name] for name in flags)}" if flags else ""


def _outlines(mask: Mask) -> list[Outline]:
    """The outline of each piece, largest piece first."""
    # several times faster than labelling the pieces
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return sorted((np.asarray(one, np.int32) for one in outlines), key=cv2.contourArea)[::-1]


def _balance(pieces: Sequence[Outline]) -> float:
    """Area of the second largest piece as a share of the largest; 0 without a second one."""
    areas = [cv2.contourArea(one) for one in pieces[:2]]
    return areas[1] / max(areas[0], 1.0) if len(areas) > 1 else 0.0


def _beside_middle(piece: Outline, mask: Mask, pixels: NDArray[np.float32]) -> bool:
    """Whether ``piece`` does not reach around the middle of the body, as joined lungs do.

    Both lungs in one piece have the middle inside their convex hull, a single lung has not; so
    neither up nor left need be known, and the slice may be turned.
    """
    middle = _middle_of_body(mask, pixels)
    return bool(cv2.pointPolygonTest(cv2.convexHull(piece), middle, False) < 0)


def _middle_of_body(mask: Mask, pixels: NDArray[np.float32]) -> tuple[float, float]:
    """(x, y) of the centroid of the body's convex hull, in pixels.

    The hull also holds what is dark in the body, such as a lung that the mask lacks. Where there
    is no body to be seen (a figure cropped to the lungs), this is the middle of the picture.
    """
    shape = (_GRID, _GRID)
    grey = np.asarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA) * 255, np.uint8)
    lungs = np.asarray(cv2.resize(mask.astype(np.float32), shape, interpolation=cv2.INTER_AREA))
    otsu, _ = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    body = _outlines((grey > otsu) | (lungs > 0))[0]
    moments = cv2.moments(cv2.convexHull(body))
    x, y = (moments[key] / max(moments["m00"], 1.0) for key in ("m10", "m01"))
    height, width = mask.shape
    return (x + 0.5) * width / _GRID - 0.5, (y + 0.5) * height / _GRID - 0.5


def _uncertain(mask: Mask, probability: NDArray[np.float32], area: int) -> bool:
    low, high = UNCERTAIN
    between = np.count_nonzero((probability >= low) & (probability <= high))
    return bool(probability[mask].mean() < MIN_CONFIDENCE or between > MAX_UNCERTAIN * area)


def _contact(mask: Mask) -> float:
    """Share of the picture's border that is lung."""
    border = np.concatenate([mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1]])
    return float(border.mean())


def _is_bright(mask: Mask, pixels: NDArray[np.float32], area: int) -> bool:
    """Whether the lung is brighter than the body next to it: air is dark in whatever window, and
    so is a lung that is full of lesions. What is farther away may be the black of a turned
    picture."""
    lungs = mask.astype(np.uint8)
    reach = max(1, round(RING * max(mask.shape)))
    x, y, width, height = cv2.boundingRect(lungs)
    box = (
        slice(max(0, y - reach), y + height + reach),
        slice(max(0, x - reach), x + width + reach),
    )
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    near = cv2.dilate(lungs[box], square)  # the lungs and what is next to them
    others = int(np.count_nonzero(near)) - area
    lung = float(pixels[box][mask[box]].sum())
    rest = float(pixels[box][near > 0].sum()) - lung
    return others > 0 and lung / area > rest / others + BRIGHTER
