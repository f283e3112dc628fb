"""The window that turns Hounsfield units into what a radiologist sees."""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import ArrayLike, NDArray

Window = tuple[float, float]
LUNG_WINDOW: Window = (-600, 1500)  # centre and width in HU, the usual window for lungs
WINDOWS: dict[str, Window] = {  # the usual presets of a chest, by name
    "lung": LUNG_WINDOW,
    "mediastinum": (50, 350),
    "bone": (400, 1800),
}


def parse_window(text: str) -> Window:
    """The window that ``text`` names (see WINDOWS), or writes as ``CENTRE,WIDTH`` in HU.

    Raises ValueError, in one sentence, for any other text and an impossible window.
    """
    known = WINDOWS.get(text.strip().lower())
    if known is not None:
        return known
    centre, _, width = text.partition(",")
    try:
        window = float(centre), float(width)
    except ValueError:
        near = ", ".join(difflib.get_close_matches(text.lower(), WINDOWS, n=1) or WINDOWS)
        raise ValueError(
            f"{text!r} is no window: give CENTRE,WIDTH in HU, such as -600,1500, or a name ({near})"
        ) from None
    check_window(window)
    return window


def check_window(window: Window) -> None:
    """Raise ValueError unless ``window`` is a finite (centre, width) with a positive width."""
    centre, width = window
    if not (np.isfinite(centre) and np.isfinite(width) and width > 0):
        raise ValueError(
            f"window {window} is not (centre, width) in HU with a width above 0, "
            f"such as {LUNG_WINDOW}"
        )


def window_hu(hu: ArrayLike, window: Window = LUNG_WINDOW) -> NDArray[np.float32]:
    """Float32 in [0, 1] of the shape of ``hu``: 0 at and below the window, 1 at and above it.

    ``window`` is (centre, width) in HU; the ramp between is linear (LINEAR_EXACT of DICOM PS3.3
    C.11.2.1.3.2). Raises ValueError for a width that is not above 0.
    """
    check_window(window)
    centre, width = window
    values = np.asarray(hu).astype(np.float32)  # a copy: the steps below work in place
    values -= centre - width / 2
    values /= width
    return np.clip(values, 0, 1, out=values)
