"""Small pictures of slices, to stand in a page."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np

from lungseg import drawing
from lungseg.drawing import Picture
from pipelines.overlays import WORDS

LONGEST_SIDE = 288  # pixels of a slice: contours and box can still be told from it
QUALITY = 75  # of JPEG
LINES = (drawing.LUNG, drawing.LESION, drawing.BOX)  # the later ones on top


def thumbnail(overlay: Path, heat_map: bool = False) -> str | None:
    """The overlay in small, without the words below it, as a JPEG in a URI; None where it is not
    there, or lost with the power of the machine.

    ``heat_map``: its right half is one, and as large as the left half.
    """
    import cv2

    try:
        content = np.frombuffer(overlay.read_bytes(), np.uint8)
    except OSError:
        return None
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        return None
    picture = _with_wide_lines(np.asarray(picture[:-WORDS], np.uint8))
    height, width = picture.shape[:2]
    scale = LONGEST_SIDE / max(height, width // 2 if heat_map else width)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode('ascii')}"


def _with_wide_lines(picture: Picture) -> Picture:
    """The picture with its lines three pixels wide: in small, one pixel would fade."""
    import cv2

    wide = picture.copy()
    for colour in LINES:
        line = (picture == colour).all(axis=2).astype(np.uint8)
        wide[cv2.dilate(line, np.ones((3, 3), np.uint8)) > 0] = colour
    return wide
