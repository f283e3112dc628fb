"""Can these values be Hounsfield units? What they are shown as where they cannot."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

AIR_HU = -200.0  # a CT has darker values: lung, or the air around the patient
LEAST_HU, MOST_HU = -10_000.0, 70_000.0  # beyond padding and 16 bits of metal
DARKEST_AIR = -1100.0  # HU; noise and streaks go below in some pixels only
MOST_DARKER = 0.05  # share of the pixels


def why_not_hu(low: float, high: float) -> str:
    """Why values from ``low`` to ``high`` cannot be HU; nothing where they can."""
    if low < LEAST_HU or high > MOST_HU:
        return f"values from {low:g} to {high:g} cannot be HU: the slope is wrong"
    if low >= AIR_HU:
        return f"values from {low:g} to {high:g}, without air, cannot be HU"
    if high < AIR_HU:
        return f"values from {low:g} to {high:g}, without tissue, cannot be HU"
    return ""


def wrong_offset(hu: NDArray[Any]) -> tuple[str, ...]:
    """A note where much of a slice is darker than air, as when an offset was taken off twice.

    The smallest value does not count: it fills what the scanner did not see.
    """
    darker = float(((hu < DARKEST_AIR) & (hu > hu.min())).mean())
    if darker <= MOST_DARKER:
        return ()
    return (f"{darker:.0%} of the values are darker than air: the HU offset is probably wrong",)


def display_range(low: float, high: float) -> tuple[float, float]:
    """What is shown black and white where values are no HU.

    0 to 255 (or 1, or the largest value, where that fits), or the whole range where it begins
    below 0.
    """
    black = min(low, 0.0)
    white = max(high, black + 1) if black < 0 or high <= 1 else max(high, 255.0)
    return black, white
