"""Can these values be Hounsfield units? What they are shown as where they cannot."""

from __future__ import annotations

AIR_HU = -200.0  # a CT has darker values: lung, or the air around the patient
LEAST_HU, MOST_HU = -10_000.0, 70_000.0  # beyond padding and 16 bits of metal


def why_not_hu(low: float, high: float) -> str:
    """Why values from ``low`` to ``high`` cannot be HU; nothing where they can."""
    if low < LEAST_HU or high > MOST_HU:
        return f"values from {low:g} to {high:g} cannot be HU: the slope is wrong"
    if low >= AIR_HU:
        return f"values from {low:g} to {high:g}, without air, cannot be HU"
    if high < AIR_HU:
        return f"values from {low:g} to {high:g}, without tissue, cannot be HU"
    return ""


def display_range(low: float, high: float) -> tuple[float, float]:
    """What is shown black and white where values are no HU.

    0 to 255 (or 1, or the largest value, where that fits), or the whole range where it begins
    below 0.
    """
    black = min(low, 0.0)
    white = max(high, black + 1) if black < 0 or high <= 1 else max(high, 255.0)
    return black, white
