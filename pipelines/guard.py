"""Which slices get a diagnosis: a photograph or a slice without lung gets a reason instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lungseg.lung_mask import LungMask
from lungseg.slice import Slice

# Measured with the reader's rule for a clearly coloured pixel. The most coloured slice of COVID-CT
# (boxes drawn over a thumbnail) has 0.08, those photographed from a tinted screen hardly any; the
# least coloured of the colour photographs and logos that were looked at has 0.25.
MOST_COLOUR = 0.15

# Below this side a slice shows no vessel: the smallest of COVID-CT has 61 pixels.
MIN_SIDE = 32

# A picture that spans less than one step of 8 bits is constant: nothing to see.
MIN_CONTRAST = 1 / 255

# One lung of a healthy middle slice covers 5 to 15 % of the picture; specks below 0.5 % are
# bowel gas, the trachea, or a lung tip too small to judge.
MIN_LUNG_FRACTION = 0.005


@dataclass(frozen=True)
class Refusal:
    """Why a slice gets no probability: the ``status`` of its row and the ``reason`` in words."""

    status: Literal["no_lung", "not_ct"]
    reason: str


def refuse_picture(slice_: Slice) -> Refusal | None:
    """Refuse what cannot be a chest CT slice by its header or its picture alone, before any
    network runs."""
    if slice_.refusal:
        return Refusal("not_ct", slice_.refusal)
    height, width = slice_.shape
    if min(height, width) < MIN_SIDE:
        return Refusal(
            "not_ct", f"the picture is {width} x {height} pixels, below {MIN_SIDE} on a side"
        )
    contrast = float(slice_.pixels.max() - slice_.pixels.min())
    if contrast < MIN_CONTRAST:
        return Refusal("not_ct", "the picture is one constant grey")
    if slice_.colour > MOST_COLOUR:
        return Refusal("not_ct", f"{slice_.colour:.0%} of the picture is coloured, CT is grey")
    return None


def refuse_mask(mask: LungMask, min_chest_ct: float) -> Refusal | None:
    """Refuse by what stage 1 saw: no chest CT (below ``min_chest_ct``), or hardly any lung."""
    if mask.chest_ct < min_chest_ct:
        return Refusal(
            "not_ct",
            f"does not look like a chest CT slice ({mask.chest_ct:.2f}, needs {min_chest_ct:.2f})",
        )
    if mask.lung_fraction < MIN_LUNG_FRACTION:
        reason = (
            f"taken for CT, but lung covers {mask.lung_fraction:.2%} of the picture, "
            f"below {MIN_LUNG_FRACTION:.1%}"
        )
        if "dropped" in mask.flags:
            from lungseg.flags import FLAGS  # it needs OpenCV

            reason += f"; {FLAGS['dropped']}"
        return Refusal("no_lung", reason)
    return None
