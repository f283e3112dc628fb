"""Slices as the network sees them in training and in validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from lungseg.data.levels import close_lungs
from lungseg.data.sources import WIDE_WINDOW, MaskedSlice, resized_masks
from lungseg.framing import Framing, frame_of
from lungseg.io import window_hu
from lungseg.phantom import random_phantom
from lungseg.tensors import resize

Augmentation = Literal["strong", "paper"]
CLOSED = 0.1  # share of the strong draws whose lungs are closed in part or whole
FRAMED = 0.8  # share of the draws that are framed as in use; the others keep their borders
PHANTOM = "phantom"


class Sample(TypedDict):
    """``picture`` uint8 S x S, ``masks`` uint8 C x S x S, ``known`` bool C, ``chest`` 1, 0, -1."""

    picture: Tensor
    masks: Tensor
    known: Tensor
    chest: Tensor


def _sample(
    picture: NDArray[np.uint8],
    masks: NDArray[np.uint8],
    known: Sequence[bool],
    chest: int | None,
    classes: int,
) -> Sample:
    channels_first = np.ascontiguousarray(masks.transpose(2, 0, 1)[:classes])
    return Sample(
        picture=torch.from_numpy(np.ascontiguousarray(picture)),
        masks=torch.from_numpy(channels_first),
        known=torch.tensor(known[:classes]),
        chest=torch.tensor(-1 if chest is None else chest),
    )


class ValidationSlices(Dataset[Sample]):
    """Each slice once, as ``framing`` shows it to a network, resized to ``size``; wide ones through
    the usual lung window."""

    def __init__(
        self,
        slices: Sequence[MaskedSlice],
        size: int,
        classes: int,
        framing: Framing = "whole",
    ) -> None:
        self.slices, self.size, self.classes = slices, size, classes
        self.framing: Framing = framing

    def __len__(self) -> int:
        return len(self.slices)

    def __getitem__(self, index: int) -> Sample:
        one = self.slices[index]
        picture = one.picture
        if one.wide:
            low, high = WIDE_WINDOW
            hu = picture.astype(np.float32) / 255 * (high - low) + low
            picture = (window_hu(hu) * 255).round().astype(np.uint8)
        left, top, right, bottom = frame_of(picture, self.framing)
        content = picture[top:bottom, left:right].astype(np.float32)
        picture = resize(content, self.size).round().astype(np.uint8)
        masks = resized_masks(one.masks[top:bottom, left:right], (self.size, self.size))
        return _sample(picture, masks, one.known, one.chest, self.classes)


class TrainingSlices(Dataset[Sample]):
    """``length`` random draws: a source by its share, a slice of it, an augmentation.

    ``sources``: slices by name; ``shares``: their weights, with ``"phantom"`` drawn fresh each
    time. ``gas``: see :func:`close_lungs`. Randomness comes from torch's generator alone, which the
    loader seeds per worker.
    """

    def __init__(
        self,
        sources: Mapping[str, Sequence[MaskedSlice]],
        shares: Mapping[str, float],
        length: int,
        size: int,
        classes: int,
        augmentation: Augmentation = "strong",
        framing: Framing = "whole",
        gas: float = 0.0,
    ) -> None:
        from lungseg import augmentation as augmentations

        self.sources, self.length, self.size, self.classes = sources, length, size, classes
        self.names = list(shares)
        self.chances = np.array([shares[name] for name in self.names])
        self.chances = self.chances / self.chances.sum()
        self.strong = augmentation == "strong"
        self.framing: Framing = framing
        self.gas = gas
        make = (
            augmentations.strong_augmentation if self.strong else augmentations.paper_augmentation
        )
        self.compose: Any = make(size)

    def __len__(self) -> int:
        return self.length

    def _draw(self, rng: np.random.Generator) -> MaskedSlice:
        name = self.names[int(rng.choice(len(self.names), p=self.chances))]
        if name != PHANTOM:
            slices = self.sources[name]
            return slices[int(rng.integers(len(slices)))]
        phantom = random_phantom(rng, size=self.size)
        low, high = WIDE_WINDOW
        picture = np.clip((phantom.hu - low) / (high - low) * 255, 0, 255).round()
        masks = np.dstack([phantom.lung, phantom.lesion]).astype(np.uint8)
        return MaskedSlice(
            PHANTOM, PHANTOM, picture.astype(np.uint8), masks, (True, True), 1, wide=True
        )

    def __getitem__(self, index: int) -> Sample:
        from lungseg.augmentation import draw_marks, draw_window

        # the index too, because processes of one training may share the state of the generator
        rng = np.random.default_rng([int(torch.randint(2**31 - 1, ())), index])
        one = self._draw(rng)
        picture, masks = one.picture, one.masks
        if self.strong and rng.random() < CLOSED:
            picture, masks = close_lungs(picture, masks, rng, self.gas)
        if self.strong or one.wide:
            picture = draw_window(picture, one.wide, rng)
        if rng.random() < FRAMED:
            left, top, right, bottom = frame_of(picture, self.framing)
            picture, masks = picture[top:bottom, left:right], masks[top:bottom, left:right]
        self.compose.set_random_seed(int(rng.integers(2**31)))
        both = self.compose(image=picture, mask=masks)
        picture, masks = both["image"], both["mask"]
        if self.strong:
            if rng.random() < 0.25:
                picture = draw_marks(picture, rng)
            if rng.random() < 0.05:
                picture = 255 - picture
        return _sample(picture, masks, one.known, one.chest, self.classes)
