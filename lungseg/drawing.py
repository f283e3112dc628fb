"""Pictures for a person: slices in grey, outlines, words, and sheets of many tiles.

A picture is H x W x 3 uint8 in OpenCV's order (blue, green, red).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungseg.regions import Box

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

# Blue, vermilion and yellow as Okabe & Ito 2008 choose them: the colour-blind tell them apart.
LUNG: Colour = (255, 191, 0)
LESION: Colour = (64, 96, 255)
MASKS = (LUNG, LESION)  # in the order of a network's masks
BOX: Colour = (0, 212, 255)
TRUE: Colour = BOX  # no picture has both
TEXT: Colour = (235, 235, 235)

LINE = 20  # pixels from one line of words to the next
TEXT_SIZE = 0.42  # of OpenCV's font
MARGIN = 6  # pixels before words


def fit(pixels: NDArray[np.floating[Any]], longest: int) -> Picture:
    """H x W in [0, 1] as a grey picture whose longer side has ``longest`` pixels."""
    import cv2

    scale = longest / max(pixels.shape)
    height, width = (max(round(side * scale), 1) for side in pixels.shape)
    grey = np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(grey, (width, height), interpolation=smooth)
    return np.asarray(cv2.cvtColor(resized, cv2.COLOR_GRAY2BGR), np.uint8)


def outline(picture: Picture, mask: NDArray[np.bool_], colour: Colour, width: int = 1) -> None:
    """Draw the contours of a bool H x W mask, of the picture's size or another, into it."""
    import cv2

    how = cv2.INTER_NEAREST_EXACT  # plain nearest shifts what it shrinks to the upper left
    shown = cv2.resize(mask.astype(np.uint8), picture.shape[1::-1], interpolation=how)
    contours, _ = cv2.findContours(shown, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, colour, width)


def outline_box(picture: Picture, box: Box, width: int = 1) -> None:
    """Draw a half-open box, in pixels of the picture, into it."""
    import cv2

    x_min, y_min, x_max, y_max = box
    cv2.rectangle(picture, (x_min, y_min), (x_max - 1, y_max - 1), BOX, width)


def line(width: int, words: Mapping[str, Colour]) -> Picture:
    """Words beside each other on black, each in its colour; ``LINE`` x ``width``.

    What is not ASCII becomes a question mark, what does not fit is cut off.
    """
    import cv2

    strip = np.zeros((LINE, width, 3), np.uint8)
    font, left = cv2.FONT_HERSHEY_SIMPLEX, MARGIN
    for text, colour in words.items():
        plain = text.encode("ascii", "replace").decode()  # what OpenCV's fonts have
        cv2.putText(strip, plain, (left, LINE - 6), font, TEXT_SIZE, colour, 1, cv2.LINE_AA)
        left += cv2.getTextSize(plain, font, TEXT_SIZE, 1)[0][0] + 3 * MARGIN
    return strip


def ending(name: str, longest: int) -> str:
    """The end of a name of more than ``longest`` characters, where names of one set differ."""
    return name if len(name) <= longest else f"...{name[3 - longest :]}"


def tile(picture: Picture, height: int, width: int, *lines: str) -> Picture:
    """``picture`` in the middle of a black ``height`` x ``width``, and lines of words below that,
    where they cover no anatomy."""
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return np.vstack([canvas, *(line(width, {words: TEXT}) for words in lines)])


def sheet(tiles: Sequence[Picture], columns: int) -> Picture:
    """One tile or more, all of one size, in rows of ``columns``; the last row ends in black."""
    whole = [*tiles, *[np.zeros_like(tiles[0])] * (-len(tiles) % columns)]
    rows = [np.hstack(whole[n : n + columns]) for n in range(0, len(whole), columns)]
    return np.vstack(rows)


def encode(picture: Picture) -> bytes:
    """The picture as PNG."""
    import cv2

    # One filter, and not the best of five: 5 ms instead of 8, and files 5 % larger.
    quickly = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]
    _, content = cv2.imencode(".png", picture, quickly)
    return bytes(content.tobytes())
