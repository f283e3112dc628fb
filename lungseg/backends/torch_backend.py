"""Eager torch, on the CPU or a CUDA device."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lungseg.backends.recipe import Recipe
from lungseg.checkpoint import Checkpoint, load_weights
from lungseg.errors import UsageError


class TorchNetwork:
    """``network`` in float32, channels last, with the weights of a checkpoint."""

    backend, precision = "torch", "float32"

    def __init__(self, network: nn.Module, recipe: Recipe, device: torch.device) -> None:
        self._forward = recipe.forward
        self.network = network.eval().to(device).to(memory_format=torch.channels_last)
        self.device = str(device)

    def __call__(self, pictures: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """See :class:`lungseg.backends.Compiled`."""
        batch = torch.from_numpy(pictures).to(self.device)
        with torch.inference_mode():
            found = self._forward(self.network, batch.contiguous(memory_format=torch.channels_last))
        return tuple(one.float().cpu().numpy() for one in found)


def compiled(checkpoint: Checkpoint, recipe: Recipe, device: str) -> TorchNetwork:
    """The network of ``recipe`` with the weights of ``checkpoint``."""
    chosen = choose_device(device)
    network = recipe.build()
    load_weights(network, checkpoint)
    return TorchNetwork(network, recipe, chosen)


def choose_device(name: str) -> torch.device:
    """``auto`` (CUDA where there is one), ``cpu`` or ``cuda``.

    Raises UsageError for a device that this machine does not have.
    """
    available = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if available else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"unknown device {name!r}; use auto, cpu or cuda") from error
    if device.type == "cuda" and not available:
        raise UsageError(
            "device cuda was asked for, but torch sees no CUDA device; use --device cpu"
        )
    return device
