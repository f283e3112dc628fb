"""Pictures for a person to check a prediction by: the slice, the lung's contour, the crop box."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from lungseg.regions import Box
from lungseg.slice import Slice
from lungseg.whole_file import TEMPORARY
from pipelines.prediction import Prediction
from pipelines.text import one_line

# Colours as OpenCV orders them (blue, green, red); told apart by the colour-blind as well.
LUNG_COLOUR = (255, 191, 0)
BOX_COLOUR = (0, 212, 255)
TEXT_COLOUR = (235, 235, 235)

MIN_SIDE, MAX_SIDE = 512, 1024  # of the longer side: a thumbnail is enlarged, a scan reduced
BAND = 24  # pixels below the picture for the text, so that it covers no anatomy
LONGEST_NAME = 255 - len(TEMPORARY)  # bytes of a file name on all common file systems


def draw_overlay(
    slice_: Slice, prediction: Prediction, stage_two_box: Box | None
) -> NDArray[np.uint8]:
    """The slice in grey with the contour of the lungs, the box that stage 2 saw, and the result.

    Returns H x W x 3 uint8 in OpenCV's order (blue, green, red); the longer side is brought to
    between MIN_SIDE and MAX_SIDE pixels, and a band with text is added below.
    """
    import cv2

    height, width = slice_.shape
    scale = min(max(1.0, MIN_SIDE / max(height, width)), MAX_SIDE / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    grey = np.clip(slice_.pixels * 255 + 0.5, 0, 255).astype(np.uint8)
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = cv2.cvtColor(cv2.resize(grey, size, interpolation=smooth), cv2.COLOR_GRAY2BGR)
    if prediction.mask is not None and prediction.mask.any():
        lungs = prediction.mask.astype(np.uint8)
        lungs = np.asarray(cv2.resize(lungs, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        contours, _ = cv2.findContours(lungs, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, contours, -1, LUNG_COLOUR, 1)
    if stage_two_box is not None:
        x_min, y_min, x_max, y_max = (round(side * scale) for side in stage_two_box)
        cv2.rectangle(picture, (x_min, y_min), (x_max - 1, y_max - 1), BOX_COLOUR, 1)
    whole = np.zeros((size[1] + BAND, max(size[0], MIN_SIDE), 3), dtype=np.uint8)
    whole[: size[1], : size[0]] = picture
    text = one_line(_text(prediction)).encode("ascii", "replace").decode()
    cv2.putText(
        whole, text, (6, size[1] + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.42, TEXT_COLOUR, 1, cv2.LINE_AA
    )
    return whole


def overlay_name(path: str, index: int) -> PurePosixPath:
    """Where the overlay of slice ``index`` of the input ``path`` (POSIX) goes below its folder."""
    page = f".{index}" if index else ""
    source = PurePosixPath(path)
    name = os.fsencode(f"{source.name}{page}.png")
    if len(name) > LONGEST_NAME:
        # Cut, but still one name an input.
        mark = f"-{hashlib.sha256(name).hexdigest()[:12]}.png".encode()
        name = name[: LONGEST_NAME - len(mark)] + mark
    return source.with_name(os.fsdecode(name))


def write_overlay(picture: NDArray[np.uint8], file: Path) -> None:
    """Write a picture as PNG, whole or not at all; makes the folders above it. Raises OSError."""
    import cv2

    _, content = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(file.name + TEMPORARY)
    # No flush to the disk for each: an overlay lost with the machine's power can be drawn again.
    try:
        temporary.write_bytes(content.tobytes())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _text(prediction: Prediction) -> str:
    if prediction.probability is None:
        return f"{prediction.status}: {prediction.message}"
    said = f"{prediction.label} {prediction.probability:.3f}, threshold {prediction.threshold:.3f}"
    return f"{said}; {prediction.message}" if prediction.message else said
