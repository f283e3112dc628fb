"""Can these values be Hounsfield units? What they are shown as where they cannot."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from lungseg.io.window import Window

AIR = -1000.0  # HU that is shown where the scanner saw nothing
AIR_HU = -200.0  # a CT has darker values: lung, or the air around the patient
LEAST_HU, MOST_HU = -10_000.0, 70_000.0  # beyond padding and 16 bits of metal
DARKEST_AIR = -1100.0  # HU; noise and streaks go below in some pixels only
MOST_DARKER = 0.05  # share of the pixels
WRAPPED_FROM, WRAPPED_TO = 2**16 - 4096, 2**16  # where -4096 to -1 come to lie in unsigned 16 bits
LEAST_WRAPPED, MOST_BETWEEN = 0.01, 0.001  # shares of the pixels


def why_not_hu(low: float, high: float) -> str:
    """Why values from ``low`` to ``high`` cannot be HU; nothing where they can."""
    if low < LEAST_HU or high > MOST_HU:
        return f"values from {low:g} to {high:g} cannot be HU: the slope is wrong"
    if low >= AIR_HU:
        return f"values from {low:g} to {high:g}, without air, cannot be HU"
    if high < AIR_HU:
        return f"values from {low:g} to {high:g}, without tissue, cannot be HU"
    return ""


def offset_to_hu(low: float, high: float, hu_offset: float | None) -> tuple[float, str]:
    """What is taken off values from ``low`` to ``high`` to get HU, and why they are none even so.

    ``hu_offset``, as a person gave it, where they cannot be HU as they are, and are with it.
    """
    why = why_not_hu(low, high)
    if not why or hu_offset is None:
        return 0.0, why
    if why_not_hu(low - hu_offset, high - hu_offset):
        return 0.0, f"{why}, and the HU offset {hu_offset:g} does not fit"
    return hu_offset, ""


def untold_padding(stored: NDArray[Any], slope: float, intercept: float) -> float | None:
    """The smallest of some stored values where it is too small for HU, and the next one is not.

    It fills what the scanner did not see, as -32,768 does, and no header says so. None: there is no
    such value.
    """
    if slope <= 0 or not stored.size:
        return None
    least = stored.min()
    if least * slope + intercept >= LEAST_HU:
        return None
    following = stored.min(where=stored > least, initial=stored.max())
    return float(least) if following * slope + intercept >= LEAST_HU else None


def of_padding(value: float) -> str:
    """What to say of ``untold_padding``."""
    return f"the value {value:g} is too small for HU: taken for padding, shown as air"


def wrong_offset(hu: NDArray[Any]) -> tuple[str, ...]:
    """A note where much of a slice is darker than air, as when an offset was taken off twice.

    The smallest value does not count: it fills what the scanner did not see.
    """
    darker = float(((hu < DARKEST_AIR) & (hu > hu.min())).mean())
    if darker <= MOST_DARKER:
        return ()
    return (f"{darker:.0%} of the values are darker than air: the HU offset is probably wrong",)


def wrapped(stored: NDArray[Any]) -> str:
    """Said of numbers below 0 that were written without their sign, so that air is white.

    They lie just below 65,536, all others far below them. Empty where there are none such.
    """
    if not stored.size or stored.min() < 0 or not WRAPPED_FROM <= stored.max() < WRAPPED_TO:
        return ""
    within = float(((stored >= WRAPPED_FROM) & (stored < WRAPPED_TO - 1)).mean())  # white is none
    between = float(((stored >= WRAPPED_TO // 2) & (stored < WRAPPED_FROM)).mean())
    if within < LEAST_WRAPPED or between > MOST_BETWEEN:
        return ""
    return f"{within:.0%} of the values are numbers below 0 without their sign"


def as_displayed(low: float, high: float, why: str) -> tuple[Window, str]:
    """The window of values from ``low`` to ``high`` that are no HU, and what to say of it.

    From 0 to 255 (or 1, or the largest value, where that fits), or the whole range where it begins
    below 0.
    """
    black = min(low, 0.0)
    white = max(high, black + 1) if black < 0 or high <= 1 else max(high, 255.0)
    message = f"{why}: taken as displayed, from {black:g} to {white:g}"
    return ((black + white) / 2, white - black), message
