"""Stage 1 in use: slices in, lung masks out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.backends import Recipe, called, compile_network, torch_network
from lungseg.checkpoint import Checkpoint, load_checkpoint, resolve
from lungseg.cleaning import certainty, clean_mask, without_outside_air
from lungseg.flags import find_flags
from lungseg.framing import Framing, checked_framing, frame_of
from lungseg.io import as_slices
from lungseg.log_odds import sigmoid
from lungseg.lung_mask import LungMask, Raw
from lungseg.regions import Box
from lungseg.slice import Slice
from lungseg.tensors import batch_of, check_batch_size, normalise

if TYPE_CHECKING:
    from torch import Tensor, nn

MIN_CHEST_CT = 0.5  # for a card that says nothing: more likely a chest CT than not


class LungSegmenter:
    """A stage-1 network with its card.

    ``segmenter(image)``: a :class:`LungMask` for an array, path or :class:`Slice`, a list of them
    for a list (see :func:`lungseg.io.as_slices`). ``device`` and ``backend``: see
    :func:`lungseg.backends.choose_backend`.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto", backend: str = "auto") -> None:
        card = checkpoint.card
        self.name, self.sha256, self.card = checkpoint.name, checkpoint.sha256, card
        self.checkpoint = checkpoint
        with checkpoint.describing("segmenter"):
            self.size = int(card["input_size"])
            self.threshold = float(card["threshold"])
            self.min_certainty = float(card.get("min_certainty", 0.0))
            self.framing: Framing = checked_framing(card.get("framing", "whole"))
            self.min_chest_ct = float(card.get("chest_threshold", MIN_CHEST_CT))
            self.lesion_threshold = float(card.get("lesion_threshold", self.threshold))
            architecture = card["architecture"]
            attention = architecture.get("network", "attention_unet") == "attention_unet"
            self.has_findings = attention and int(architecture["classes"]) > 1
        self.compiled = compile_network(checkpoint, self.recipe, device, backend)
        self.device = self.compiled.device

    @property
    def recipe(self) -> Recipe:
        """The network that the card describes, with findings where it has a lesion mask."""
        if self.has_findings:
            return Recipe(self._build, _with_findings, ("masks", "chest", "findings"))
        return Recipe(self._build, called, ("masks", "chest"))

    @cached_property
    def network(self) -> nn.Module:
        """The network with its weights in torch, whatever the backend, for those that look into
        it."""
        return torch_network(self.compiled, self.checkpoint, self.recipe)

    def _build(self) -> nn.Module:
        from lungseg.networks import build_network

        with self.checkpoint.describing("segmenter"):
            return build_network(self.card["architecture"])

    @classmethod
    def from_checkpoint(
        cls,
        name: str | Path | None = None,
        directory: Path | None = None,
        device: str = "auto",
        backend: str = "auto",
    ) -> LungSegmenter:
        """Load by path or name; None is the default of ``directory``, None the shipped folder."""
        path = resolve(name, directory, "segmenter")
        return cls(load_checkpoint(path, "segmenter"), device, backend)

    def predict(self, slices: Sequence[Slice], batch_size: int = 16) -> list[LungMask]:
        """A mask for each slice, in the geometry of the slice.

        Raises UsageError for a batch of less than one slice.
        """
        check_batch_size(batch_size)
        masks: list[LungMask] = []
        with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="cleaning") as cleaners:
            for start in range(0, len(slices), batch_size):
                batch = slices[start : start + batch_size]
                # cleaning is OpenCV and NumPy, which let other threads work meanwhile
                masks += cleaners.map(self.mask_of, batch, self.raw(batch))
        return masks

    def raw(self, slices: Sequence[Slice], size: int | None = None) -> list[Raw]:
        """What the network says of each slice.

        Outside of what the network sees of a slice (:func:`lungseg.framing.frame_of`, as the card
        says) the maps are 0. ``size``: side of the network's input in pixels, a multiple of 32;
        None is the card's.
        """
        boxes = [frame_of((one.pixels * 255).astype(np.uint8), self.framing) for one in slices]
        contents = [
            one.pixels[top:bottom, left:right]
            for one, (left, top, right, bottom) in zip(slices, boxes, strict=True)
        ]
        pictures = normalise(batch_of(contents, size or self.size))
        masks, chest, *more = self.compiled(pictures)
        findings = more[0] if more else [None] * len(slices)
        return [
            Raw([_placed(m, box, one.shape) for m in maps], float(is_chest), found)
            for one, box, maps, is_chest, found in zip(
                slices, boxes, sigmoid(masks), sigmoid(chest), findings, strict=True
            )
        ]

    def mask_of(self, one: Slice, raw: Raw) -> LungMask:
        """The clean mask of a slice from what the network says of it."""
        maps, chest, findings = raw
        lung = without_outside_air(clean_mask(maps[0], self.threshold), one.pixels)
        flags = find_flags(lung, maps[0], one.pixels)
        if lung.any() and certainty(lung, maps[0]) < self.min_certainty:
            lung, flags = np.zeros_like(lung), ("dropped",)
        if len(maps) == 1:
            return LungMask(lung, maps[0], None, chest, flags)
        lesion = (maps[1] >= self.lesion_threshold) & lung
        probability = np.zeros_like(maps[1])
        probability[lung] = _calibrated(maps[1][lung], self.lesion_threshold)
        expected = float(probability[lung].mean()) if lung.any() else None
        return LungMask(lung, maps[0], lesion, chest, flags, expected, probability, findings)

    @overload
    def __call__(self, image: Slice | NDArray[Any] | str | Path) -> LungMask: ...
    @overload
    def __call__(self, image: list[Any]) -> list[LungMask]: ...
    def __call__(self, image: Any) -> LungMask | list[LungMask]:
        """Mask of one image, masks of a list of images."""
        masks = self.predict(as_slices(image))
        return masks[0] if len(masks) == 1 and not isinstance(image, list | tuple) else masks


def _with_findings(network: Any, pictures: Tensor) -> tuple[Tensor, ...]:
    from lungseg.networks.findings import with_findings  # it needs torch

    return with_findings(network, pictures)


def _calibrated(probability: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """``probability`` with its odds scaled so that ``threshold`` becomes one half."""
    for_it, against = probability * (1 - threshold), (1 - probability) * threshold
    return np.asarray(for_it / (for_it + against), np.float32)


def _placed(
    probability: NDArray[np.float32], box: Box, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Bilinear to the size of ``box``, in a picture of ``shape`` (H, W)."""
    left, top, right, bottom = box
    content = cv2.resize(probability, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    whole = np.zeros(shape, np.float32)
    whole[top:bottom, left:right] = content
    return whole
