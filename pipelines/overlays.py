"""Pictures for a person to check a prediction by: lungs, lesions, crop box, and the heat map."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from lungseg import drawing
from lungseg.drawing import Colour, Picture
from lungseg.regions import Box
from lungseg.slice import Slice
from lungseg.whole_file import LONGEST_NAME, TEMPORARY
from pipelines.output_folder import PICTURES
from pipelines.prediction import Prediction
from pipelines.text import one_line

MIN_SIDE, MAX_SIDE = 512, 1024  # of the longer side: a thumbnail is enlarged, a scan reduced
WORDS = 2 * drawing.LINE  # pixels below the picture: the result, and what the colours mean


def draw_overlay(
    slice_: Slice,
    prediction: Prediction,
    stage_two_box: Box | None,
    heat_map: NDArray[np.float32] | None = None,
) -> Picture:
    """The slice in grey with the contours of lungs and lesions, the box that stage 2 saw, and the
    result; beside it, as large, the ``heat_map`` (see ``TwoStagePipeline.heat_map``).

    The longer side of the slice is brought to between MIN_SIDE and MAX_SIDE pixels.
    """
    grey = drawing.fit(slice_.pixels, min(max(*slice_.shape, MIN_SIDE), MAX_SIDE))
    found = grey.copy()
    key = _draw_found(found, prediction, stage_two_box)
    words = {one_line(_text(prediction)): drawing.TEXT}
    if heat_map is None:
        return _above(found, words, key)
    panel, meaning = _heat_panel(grey, prediction, stage_two_box, heat_map)
    score = {_score(prediction): drawing.TEXT}
    return np.hstack([_above(found, words, key), _above(panel, score, meaning)])


def overlay_name(path: str, index: int) -> PurePosixPath:
    """Where the overlay of slice ``index`` of the input ``path`` (POSIX) goes below its folder.

    No two slices share one: ``CT`` has ``CT.png`` and ``CT.3.png``, a file ``CT.3`` ``CT.3.0.png``.
    """
    source = PurePosixPath(path)
    page = f".{index}" if index or source.suffix[1:].isdecimal() else ""
    return file_name(path, page, ".png")


def file_name(path: str, page: str, extension: str) -> PurePosixPath:
    """The name of a result of the input ``path`` (POSIX), not longer than a disk takes it.

    A folder that is named like a result has ``_`` after its name, for it may be that of another.
    """
    source = PurePosixPath(path)
    folders = (f"{part}_" if part.endswith(PICTURES) else part for part in source.parent.parts)
    name = os.fsencode(f"{source.name}{page}{extension}")
    if len(name) > LONGEST_NAME:
        # Cut, but still one name an input.
        mark = f"-{hashlib.sha256(name).hexdigest()[:12]}{extension}".encode()
        name = name[: LONGEST_NAME - len(mark)] + mark
    return PurePosixPath(*folders, os.fsdecode(name))


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


def _draw_found(
    picture: Picture, prediction: Prediction, stage_two_box: Box | None
) -> dict[str, Colour]:
    """Draw what was found into the picture; what the colours mean."""
    key: dict[str, Colour] = {}
    mask, lesion = prediction.mask, prediction.lesion
    if mask is not None and mask.any():
        drawing.outline(picture, mask, drawing.LUNG)
        key["lung"] = drawing.LUNG
        if lesion is not None:
            drawing.outline(picture, lesion & mask, drawing.LESION)
            key[f"lesion, {prediction.lesion_fraction or 0:.1%} of the lung"] = drawing.LESION
        if stage_two_box is not None:
            scale = max(picture.shape) / max(mask.shape)
            x_min, y_min, x_max, y_max = (round(side * scale) for side in stage_two_box)
            drawing.outline_box(picture, (x_min, y_min, x_max, y_max))
            key["seen by stage 2"] = drawing.BOX
    return key


def _heat_panel(
    grey: Picture,
    prediction: Prediction,
    stage_two_box: Box | None,
    heat_map: NDArray[np.float32],
) -> tuple[Picture, dict[str, Colour]]:
    """The slice under its evidence, by the scale of all slices, and what the colour means."""
    from covidcls.explanation.drawing import EVIDENCE, FULL, tinted

    picture = tinted(grey, heat_map / FULL["cam"])
    _draw_found(picture, replace(prediction, lesion=None), stage_two_box)
    words = f"evidence for COVID-19; full colour from log-odds of {FULL['cam']:g}"
    return picture, {words: EVIDENCE}


def _above(picture: Picture, *lines: Mapping[str, Colour]) -> Picture:
    """The picture above lines of words, each of a colour, WORDS high together."""
    height, width = picture.shape[0], max(picture.shape[1], MIN_SIDE)
    whole = drawing.tile(picture, height, width)
    return np.vstack([whole, *(drawing.line(width, words) for words in lines)])


def _text(prediction: Prediction) -> str:
    if prediction.probability is None:
        return f"{prediction.status}: {prediction.message}"
    said = _score(prediction)
    return f"{said}; {prediction.message}" if prediction.message else said


def _score(prediction: Prediction) -> str:
    unsure = " (indeterminate)" if prediction.band == "indeterminate" else ""
    return (
        f"{prediction.label} {prediction.probability:.3f}{unsure}, "
        f"threshold {prediction.threshold:.3f}"
    )
