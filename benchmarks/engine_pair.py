"""The networks that others would run, in the engine of ``predict``: a folder of weights.

Stage 1 is trained for a minute on phantoms, so that it finds the lungs of the phantoms that it is
timed on; with random weights it would find none, and stage 2 would have nothing to do. What it
finds elsewhere is worth nothing. Stage 2 is the network of the shipped EfficientNet-B4, not
calibrated and without lesions, at the side of ``eager_pair.py``; what that costs does not depend
on its weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from eager_pair import SIDES
from segmenter_speed import PAPER
from torch import Tensor, nn
from torch.nn import functional

from covidcls.views.view import View
from lungseg.backends import Recipe, called
from lungseg.backends.export import write_graph
from lungseg.checkpoint import load_checkpoint, resolve, save_checkpoint
from lungseg.networks import StageOneOutput, build_network
from lungseg.phantom import (
    LUNG_WINDOW,
    MEDIASTINAL_WINDOW,
    WIDE_WINDOW,
    display,
    random_phantom,
)
from lungseg.tensors import normalise
from pipelines.command import say
from pipelines.export import export

SIDE = SIDES["ResNet-18 U-Net"]
CLASSIFIER = "EfficientNet-B4"
SHIPPED = "efficientnet-b4-crop"  # its weights
STEPS, BATCH, PHANTOMS = 100, 8, 96
WINDOWS = (LUNG_WINDOW, MEDIASTINAL_WINDOW, WIDE_WINDOW)


class ResNet18UNet(nn.Module):
    """smp's U-Net, the one of ``eager_pair.py``, as a network of stage 1 that refuses nothing."""

    def __init__(self) -> None:
        super().__init__()
        import segmentation_models_pytorch as smp

        self.whole: nn.Module = smp.Unet("resnet18", encoder_weights=None, classes=1)

    def forward(self, pictures: Tensor) -> StageOneOutput:
        masks = self.whole(pictures)
        return StageOneOutput(masks, masks[:, 0, 0, 0])


SEGMENTERS: dict[str, Callable[[], nn.Module]] = {
    "ResNet-18 U-Net": ResNet18UNet,
    "the paper's Attention U-Net": lambda: build_network(PAPER),
}


def write_pair(name: str, folder: Path, steps: int = STEPS, phantoms: int = PHANTOMS) -> None:
    """Weights, graphs and ``defaults.json`` of stage 1 ``name`` (of ``SEGMENTERS``) with
    EfficientNet-B4 in ``folder``."""
    torch.manual_seed(1)
    network = trained(SEGMENTERS[name](), steps, phantoms)
    stem = name.lower().replace(" ", "-").replace("'", "")
    card: dict[str, Any] = {
        "kind": "segmenter",
        "architecture": {"network": name, "encoder": "-", "classes": 1},
        "input_size": SIDE,
        "framing": "content",
        "threshold": 0.5,
        "chest_threshold": 0.0,  # nothing has taught it what is a chest
    }
    path = save_checkpoint(folder, stem, network.state_dict(), card)
    recipe = Recipe(SEGMENTERS[name], called, ("masks", "chest"))
    write_graph(recipe, load_checkpoint(path, "segmenter"), SIDE)
    shipped = load_checkpoint(resolve(SHIPPED, None, "classifier"), "classifier")
    # the network alone, on the paper's crop: this stage 1 has no findings to fuse it with
    card = {**shipped.card, **View("crop").as_card(), "input_size": SIDES[CLASSIFIER]}
    card |= {"calibration": {"slope": 1.0, "intercept": 0.0}}
    card.pop("fusion", None)
    export(save_checkpoint(folder, SHIPPED, shipped.tensors, card))
    content = {"segmenter": stem, "classifier": {"crop": SHIPPED}}
    (folder / "defaults.json").write_text(json.dumps(content))


def trained(network: nn.Module, steps: int, phantoms: int) -> nn.Module:
    """``network`` after ``steps`` of BCE on the lungs of so many random ``phantoms``, in each
    window of ``samples/``."""
    rng = np.random.default_rng(1)
    drawn = [random_phantom(rng, SIDE) for _ in range(phantoms)]
    shown = [display(one.hu, window) for one, window in zip(drawn, cycle(WINDOWS))]
    pictures = torch.from_numpy(np.stack(shown)).float() / 255
    lungs = torch.from_numpy(np.stack([one.lung for one in drawn])).float()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    network.train().to(memory_format=torch.channels_last)
    for step in range(steps):
        chosen = torch.from_numpy(rng.permutation(phantoms)[:BATCH])
        batch = normalise(pictures[chosen]).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            masks = network(batch).masks
        loss = functional.binary_cross_entropy_with_logits(masks[:, 0].float(), lungs[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 20 == 19:
            say(f"step {step + 1} of {steps}: loss {float(loss.detach()):.3f}")
    return network.eval()
