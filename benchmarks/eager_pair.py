"""What others would run: a U-Net on ResNet-18 and EfficientNet-B4, eager, one slice at a time."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

SIDES = {"ResNet-18 U-Net": 256, "EfficientNet-B4": 224}  # pixels


def eager_pair() -> dict[str, Callable[[], object]]:
    """Each network on one random picture, in eager torch float32 on the CPU, as its library gives
    it; random weights, which cost as much as any."""
    import segmentation_models_pytorch as smp
    import timm

    networks = (
        smp.Unet("resnet18", encoder_weights=None, classes=1),
        timm.create_model("efficientnet_b4", num_classes=1),
    )
    return {
        name: _call(network.eval(), torch.rand(1, 3, side, side))
        for (name, side), network in zip(SIDES.items(), networks, strict=True)
    }


def milliseconds(repeats: int) -> dict[str, float]:
    """The mean of ``repeats`` calls of each, in turn, after two that warm up."""
    seconds = dict.fromkeys(SIDES, 0.0)
    pair = eager_pair()
    for turn in range(repeats + 2):
        for name, call in pair.items():
            began = time.perf_counter()
            call()
            seconds[name] += (time.perf_counter() - began) * (turn >= 2)
    return {name: round(1000 * one / repeats, 2) for name, one in seconds.items()}


def _call(network: torch.nn.Module, picture: torch.Tensor) -> Callable[[], object]:
    def call() -> object:
        with torch.inference_mode():
            return network(picture)

    return call
