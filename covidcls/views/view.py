"""The picture that stage 2 sees of a slice, as its card says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from covidcls.views.lungs import Lungs
from covidcls.views.normalisation import normalised_by_lungs
from covidcls.views.seen import Lesions, Seen
from lungseg.errors import UsageError
from lungseg.regions import DEFAULT_MARGIN, REGIONS, Region, content_seed, region_of

Normalise = Literal["none", "lung"]
Decoding = Literal["display", "neutral"]
Channels = Literal["grey", "lesion"]

CONTROLS = ("background", "random_box")

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
    grey, lungs and the probability of lesion. ``lesions``: what stage 1 sees in them goes with
    the picture, for a fusion.
    """

    region: Region = "crop"
    margin: int = DEFAULT_MARGIN
    normalise: Normalise = "none"
    decoding: Decoding = "display"
    channels: Channels = "grey"
    lesions: bool = False

    def __post_init__(self) -> None:
        """Raises UsageError for a fusion in a control: findings are those of the whole slice."""
        if self.lesions and self.region in CONTROLS:
            raise UsageError(
                f"the region {self.region} is a control that shows no lungs or any place, and a "
                "fusion would tell it of the lesions; leave out --data.fusion"
            )

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

    def see(self, pixels: NDArray[np.float32], lungs: Lungs) -> Seen:
        """What is seen of ``pixels``, float32 H x W in [0, 1].

        Raises UsageError where lesions or findings are to be seen and stage 1 knows none.
        """
        seed = content_seed(pixels) if self.region == "random_box" else 0
        grey = normalised_by_lungs(pixels, lungs.mask) if self.normalise == "lung" else pixels
        if self.channels == "lesion":
            grey = np.dstack([grey, lungs.mask, _lesion(lungs)]).astype(np.float32)
        picture = region_of(grey, lungs.mask, self.region, self.margin, seed)
        if self.decoding == "neutral":
            picture = neutral_view(picture)
        if not self.lesions:
            return Seen(picture)
        where = region_of(_lesion(lungs), lungs.mask, self.region, self.margin, seed)
        return Seen(picture, Lesions(_findings(lungs), where))


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


def _findings(lungs: Lungs) -> NDArray[np.float32]:
    if lungs.findings is None:
        raise UsageError(
            "stage 2 judges what stage 1 sees in the lesions, but this stage 1 does not say; use "
            "an attention U-Net of two classes, and make its graph again if it is an older one: "
            "python -m pipelines.export"
        )
    return lungs.findings


def _lesion(lungs: Lungs) -> NDArray[np.float32]:
    if lungs.lesion is None:
        raise UsageError(
            "stage 2 is to see lesions, but this stage 1 finds none; use a segmenter of two classes"
        )
    return lungs.lesion.astype(np.float32) / np.float32(255)
