"""The picture that stage 2 sees of a slice, as its card says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from covidcls.views.lungs import Lungs
from covidcls.views.normalisation import normalised_by_lungs
from lungseg.errors import UsageError
from lungseg.regions import DEFAULT_MARGIN, REGIONS, Region, content_seed, region_of

Normalise = Literal["none", "lung"]
Decoding = Literal["display", "neutral"]
Channels = Literal["grey", "lesion"]

# Of neutral decoding: of the lung crops of COVID-CT 96 % are wider and 82 % higher than this, so
# little is made up, and the blur hides what is.
SIDE = 128  # pixels
BLUR = 1.0  # pixels


@dataclass(frozen=True)
class View:
    """What stage 2 sees.

    ``region``, ``margin``: see :func:`lungseg.regions.region_of`. ``normalise``: ``lung`` puts lung
    and soft tissue at fixed greys, see :func:`covidcls.views.normalisation.normalised_by_lungs`.
    ``decoding``: ``neutral`` brings every region to SIDE pixels a side, blurs it and sends it
    through one JPEG. ``channels``: of the network's picture, ``grey`` three times, or ``lesion``:
    grey, lungs and the probability of lesion. ``lesions``: lungs and lesion are seen though the
    network is given none of them, for a fusion with the lesion share.
    """

    region: Region = "crop"
    margin: int = DEFAULT_MARGIN
    normalise: Normalise = "none"
    decoding: Decoding = "display"
    channels: Channels = "grey"
    lesions: bool = False

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> View:
        """What a classifier was trained on; a card without a word has the default of its day.

        Raises KeyError without region or margin, ValueError for a value that is unknown.
        """
        view = cls(
            card["region"],
            int(card["margin"]),
            card.get("normalise", "none"),
            card.get("decoding", "display"),
            card.get("channels", "grey"),
            "fusion" in card,
        )
        for name, known in (
            ("region", REGIONS),
            ("normalise", get_args(Normalise)),
            ("decoding", get_args(Decoding)),
            ("channels", get_args(Channels)),
        ):
            value = getattr(view, name)
            if value not in known:
                raise ValueError(f"unknown {name} {value!r}; known are {', '.join(known)}")
        return view

    def as_card(self) -> dict[str, Any]:
        """What :meth:`from_card` reads, but for ``lesions``, which the card's fusion says."""
        return {
            "region": self.region,
            "margin": self.margin,
            "normalise": self.normalise,
            "decoding": self.decoding,
            "channels": self.channels,
        }

    def see(self, pixels: NDArray[np.float32], lungs: Lungs) -> NDArray[np.float32]:
        """Float32 h x w in [0, 1] of ``pixels`` H x W; h x w x 3 (grey, lungs, lesion) for
        ``channels`` lesion and with ``lesions``.

        Raises UsageError where lesions are to be seen and stage 1 knows none.
        """
        seed = content_seed(pixels) if self.region == "random_box" else 0
        grey = normalised_by_lungs(pixels, lungs.mask) if self.normalise == "lung" else pixels
        if self.channels == "lesion" or self.lesions:
            grey = np.dstack([grey, lungs.mask, _lesion(lungs)]).astype(np.float32)
        seen = region_of(grey, lungs.mask, self.region, self.margin, seed)
        return neutral_view(seen) if self.decoding == "neutral" else seen

    def given(self, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of what :meth:`see` gives, what goes to the network: h x w, or h x w x 3."""
        return seen[..., 0] if seen.ndim == 3 and self.channels == "grey" else seen


def neutral_view(seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is seen (h x w, or h x w x 3) without its file's history, SIDE x SIDE (x 3); masks are
    only resampled."""
    from covidcls.views.neutral import neutral
    from lungseg.tensors import resize

    grey = seen if seen.ndim == 2 else seen[..., 0]
    square, _ = neutral(np.round(grey * 255).astype(np.uint8), SIDE, BLUR)
    plain = square.astype(np.float32) / np.float32(255)
    if seen.ndim == 2:
        return plain
    return np.dstack([plain, resize(seen[..., 1:], SIDE)])


def _lesion(lungs: Lungs) -> NDArray[np.float32]:
    if lungs.lesion is None:
        raise UsageError(
            "stage 2 is to see lesions, but this stage 1 finds none; use a segmenter of two classes"
        )
    return lungs.lesion.astype(np.float32) / np.float32(255)
