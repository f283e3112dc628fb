"""True masks: what is written in a picture or a volume, and which of it is the target."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from lungseg.errors import UnreadableError
from lungseg.io.read import read_slices

Target = Literal["lung", "lesion"]

EFFUSION = 3  # the class beside 1 ground glass and 2 consolidation that is no lesion of the lung
WHOLE = 0.01  # a value so near to a whole number is one that was stored inexactly
MOST_LABELS = 32  # classes are numbered up to here; brighter ones are few, or evenly spaced


def read_labels(path: Path) -> Iterator[NDArray[np.uint8]]:
    """The values of each page of a picture as they are written, H x W, those above 255 as 255.

    Of a palette they are the indices, whatever their colours. Black and white of 1 bit is 0 and
    255. Raises what ``read_slices`` raises, and UnreadableError for a mask in colour or with
    transparent pixels.
    """
    mode, pages = _as_drawn(path)
    if mode == "P":
        yield from pages
        return
    as_written = (127.5, 255.0)  # a window from 0 to 255
    for page in read_slices(path, hu_offset=0, window=as_written):
        yield labels_of(page.pixels * 255)


def _as_drawn(path: Path) -> tuple[str, list[NDArray[np.uint8]]]:
    """The mode of a picture, and of a palette the indices of its pages; else empty."""
    try:
        with Image.open(path) as picture:
            if picture.mode == "P":
                return "P", [np.asarray(page) for page in ImageSequence.Iterator(picture)]
            if picture.mode in ("RGB", "RGBA", "LA", "CMYK", "YCbCr"):
                _refuse_colour(picture)
            return picture.mode, []
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        return "", []  # no picture, or a broken one: the reader says which


def _refuse_colour(picture: Image.Image) -> None:
    """Raise UnreadableError unless a picture is grey in all its pixels, and none is transparent."""
    *colours, alpha = np.moveaxis(np.asarray(picture.convert("RGBA")), -1, 0)
    if alpha.min() < 255:
        raise UnreadableError("the mask has transparent pixels; save it without them, as grey")
    if (colours[0] != colours[1]).any() or (colours[0] != colours[2]).any():
        raise UnreadableError(
            "the mask is in colour, and nobody says which is the target; save it as grey values or "
            "as a palette"
        )


def labels_of(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Labels of the values of a mask, rounded, and those beyond 0 and 255 brought there."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def fractions_in(values: NDArray[np.float32]) -> tuple[str, ...]:
    """What has to be told of values that are no whole numbers, such as probabilities."""
    if (np.abs(values - np.rint(values)) <= WHOLE).all():
        return ()
    return ("the mask has values that are no whole numbers: they are rounded",)


def target_of(
    labels: NDArray[np.uint8],
    target: Target,
    chosen: Collection[int] = (),
    of_volume: bool = False,
) -> tuple[NDArray[np.bool_], str]:
    """Bool mask of the target in ``labels`` (H x W), and what had to be assumed for it.

    The target is what has one of the ``chosen`` values; if there are none, what is not zero, where
    for a lesion ``EFFUSION`` does not count. Values of a picture that are no classes (a JPEG, or a
    mask that was resized smoothly) are target from half as bright as the largest; raises
    UnreadableError if some are ``chosen`` of more than there are labels. The values of a volume
    (``of_volume``) are classes.
    """
    values = np.flatnonzero(np.bincount(labels.ravel(), minlength=256))
    if not (of_volume or _are_classes(values) or (chosen and len(values) <= MOST_LABELS)):
        if chosen:
            raise UnreadableError(
                f"the mask has {len(values)} grey values, which are no labels to choose from"
            )
        half = values[-1] / 2
        return labels >= half, f"a mask of {len(values)} grey values: {half:g} and more is target"
    if chosen:
        return np.isin(labels, list(chosen)), ""
    found = labels != 0
    return (found & (labels != EFFUSION) if target == "lesion" else found), ""


def _are_classes(values: NDArray[np.intp]) -> bool:
    """Whether sorted grey values are numbers, one or two levels beside black, or evenly spaced."""
    steps = np.diff(values)
    few = (values > 0).sum() <= 2
    return bool(values[-1] <= MOST_LABELS or few or steps.max() - steps.min() <= 1)
