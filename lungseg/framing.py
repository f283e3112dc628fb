"""The part of a picture that shows something, so that a network sees every patient at one scale."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.regions import Box

Framing = Literal["whole", "content"]

CONTENT = 0.01  # of a row or column: fewer bright pixels are noise, a wire or a letter
MARGIN = 0.02  # of the picture's side, left around the content
LETTER = 0.0007  # of the figure: in a smaller box is a letter, a wire or noise
MIN_SIDE = 24  # pixels: what is smaller is no patient, and the picture is taken whole
MAX_ASPECT = 4  # of the sides: what is slimmer is a title bar over a dark picture
PAGE = 245  # of 255: what a page is brighter than around the figure on it
FRAMING = f"2:{CONTENT}:{LETTER}:{MARGIN}:{MIN_SIDE}:{MAX_ASPECT}:{PAGE}"  # kept masks depend on it


def content_box(picture: NDArray[np.uint8]) -> Box:
    """Box (x_min, y_min, x_max, y_max), half-open, without the white page around a figure, then
    without the dark borders of ``picture``.

    ``picture``: uint8 H x W. A border is of rows and columns with hardly a pixel above Otsu's
    threshold, which lies between air or lung and the tissue around it in every window. A lung that
    reaches the edge of a tight crop has tissue beside it there, and stays. Where air is bright
    (inverted pictures) none of it is a dark border.
    """
    height, width = picture.shape
    page = _extent(picture < PAGE) or (0, 0, width, height)
    left, top, right, bottom = page
    figure = picture[top:bottom, left:right]
    threshold, _ = cv2.threshold(figure, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = _patient(figure > threshold)
    if bright is None:
        return page
    across, down = round(MARGIN * (right - left)), round(MARGIN * (bottom - top))
    return (
        max(left, left + bright[0] - across),
        max(top, top + bright[1] - down),
        min(right, left + bright[2] + across),
        min(bottom, top + bright[3] + down),
    )


def _patient(bright: NDArray[np.bool_]) -> Box | None:
    """The extent of ``bright``, without its small pieces where they more than double it: text in
    the corners of a wide field would leave the patient small."""
    everything, large = _extent(bright), _extent(_without_letters(bright))
    if everything and large and 2 * _area(large) < _area(everything):
        return large
    return everything


def _without_letters(bright: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces = bright.astype(np.uint8, order="C")  # OpenCV draws into no other
    outlines, _ = cv2.findContours(pieces, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    sides = [cv2.boundingRect(one)[2:] for one in outlines]
    largest = LETTER * pieces.size
    small = [
        one
        for one, (width, height) in zip(outlines, sides, strict=True)
        if width * height < largest
    ]
    cv2.drawContours(pieces, small, -1, 0, cv2.FILLED)
    return pieces > 0


def _extent(shown: NDArray[np.bool_]) -> Box | None:
    """The box of the rows and columns that more than ``CONTENT`` of is ``shown``; None where it is
    no patient: nothing, too small or too slim."""
    rows = np.flatnonzero(shown.mean(axis=1) > CONTENT)
    columns = np.flatnonzero(shown.mean(axis=0) > CONTENT)
    if not rows.size or not columns.size:
        return None
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    short, long = sorted((box[2] - box[0], box[3] - box[1]))
    return None if short < MIN_SIDE or long > MAX_ASPECT * short else box


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def frame_of(picture: NDArray[np.uint8], framing: Framing) -> Box:
    """The box that a network sees of ``picture``: all of it, or its content."""
    height, width = picture.shape
    return content_box(picture) if framing == "content" else (0, 0, width, height)


def checked_framing(word: str) -> Framing:
    """``word`` if it is one of ``Framing``. Raises ValueError."""
    for known in get_args(Framing):
        if word == known:
            framing: Framing = known
            return framing
    raise ValueError(f"framing is {' or '.join(get_args(Framing))}, not {word!r}")
