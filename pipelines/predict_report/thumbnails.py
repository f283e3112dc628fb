"""Small pictures of slices, to stand in a page."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np

from lungseg.drawing import Picture

LONGEST_SIDE = 288  # pixels: contour and box can still be told from the slice
QUALITY = 75  # of JPEG
COLOURED = 80  # between the channels of a pixel: a line, for CT is grey


def thumbnail(overlay: Path) -> str | None:
    """The overlay in small, without the words below it, as a JPEG in a URI; None where it is not
    there, or lost with the power of the machine."""
    import cv2

    from lungseg.drawing import LINE

    try:
        content = np.frombuffer(overlay.read_bytes(), np.uint8)
    except OSError:
        return None
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        return None
    picture = _with_wide_lines(np.asarray(picture[:-LINE], np.uint8))
    scale = LONGEST_SIDE / max(picture.shape)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode('ascii')}"


def _with_wide_lines(picture: Picture) -> Picture:
    """The picture with its coloured lines three pixels wide: in small, one pixel would fade."""
    import cv2

    coloured = picture.max(axis=2).astype(int) - picture.min(axis=2) > COLOURED
    lines = cv2.dilate(picture * coloured[:, :, None].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(lines.any(axis=2, keepdims=True), lines, picture)
