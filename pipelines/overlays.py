"""Pictures for a person to check a prediction by: the slice, the lung's contour, the crop box."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

from lungseg import drawing
from lungseg.drawing import Picture
from lungseg.regions import Box
from lungseg.slice import Slice
from lungseg.whole_file import TEMPORARY
from pipelines.prediction import Prediction
from pipelines.text import one_line

MIN_SIDE, MAX_SIDE = 512, 1024  # of the longer side: a thumbnail is enlarged, a scan reduced
LONGEST_NAME = 255 - len(TEMPORARY)  # bytes of a file name on all common file systems


def draw_overlay(slice_: Slice, prediction: Prediction, stage_two_box: Box | None) -> Picture:
    """The slice in grey with the contour of the lungs, the box that stage 2 saw, and the result.

    The longer side is brought to between MIN_SIDE and MAX_SIDE pixels.
    """
    longest = max(slice_.shape)
    shown = min(max(longest, MIN_SIDE), MAX_SIDE)
    picture = drawing.fit(slice_.pixels, shown)
    if prediction.mask is not None:
        drawing.outline(picture, prediction.mask, drawing.LUNG)
    if stage_two_box is not None:
        x_min, y_min, x_max, y_max = (round(side * shown / longest) for side in stage_two_box)
        drawing.outline_box(picture, (x_min, y_min, x_max, y_max))
    height, width = picture.shape[:2]
    return drawing.tile(picture, height, max(width, MIN_SIDE), one_line(_text(prediction)))


def overlay_name(path: str, index: int) -> PurePosixPath:
    """Where the overlay of slice ``index`` of the input ``path`` (POSIX) goes below its folder.

    No two slices share one: ``CT`` has ``CT.png`` and ``CT.3.png``, a file ``CT.3`` ``CT.3.0.png``.
    """
    source = PurePosixPath(path)
    page = f".{index}" if index or source.suffix[1:].isdecimal() else ""
    return file_name(path, page, ".png")


def file_name(path: str, page: str, extension: str) -> PurePosixPath:
    """The name of a result of the input ``path`` (POSIX), not longer than a disk takes it."""
    source = PurePosixPath(path)
    name = os.fsencode(f"{source.name}{page}{extension}")
    if len(name) > LONGEST_NAME:
        # Cut, but still one name an input.
        mark = f"-{hashlib.sha256(name).hexdigest()[:12]}{extension}".encode()
        name = name[: LONGEST_NAME - len(mark)] + mark
    return source.with_name(os.fsdecode(name))


def write_picture(content: bytes, file: Path) -> None:
    """Write a picture, whole or not at all; makes the folders above it. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(file.name + TEMPORARY)
    # No flush to the disk for each: a picture lost with the machine's power can be drawn again.
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _text(prediction: Prediction) -> str:
    if prediction.probability is None:
        return f"{prediction.status}: {prediction.message}"
    said = f"{prediction.label} {prediction.probability:.3f}, threshold {prediction.threshold:.3f}"
    return f"{said}; {prediction.message}" if prediction.message else said
