"""Grad-CAM (Selvaraju et al. 2017) on the last feature map, in units of the logit.

By hand: it is ten lines. The libraries that do it bring matplotlib (captum) or the display build of
OpenCV and scale each map to its own maximum (grad-cam).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from covidcls.views.seen import Seen
from lungseg.errors import UsageError
from lungseg.tensors import normalise, stack

if TYPE_CHECKING:
    from covidcls.classifier import CovidClassifier

POOLINGS = ("global_pool", "_avg_pooling")  # as timm names it, and as efficientnet_pytorch does


def grad_cam(network: nn.Module, pictures: Tensor) -> tuple[NDArray[np.float64], Tensor]:
    """Maps N x h x w of the evidence for the one logit, and the logits N.

    ``network``: in evaluation mode, one output; ``pictures``: N x 3 x H x W as it expects them.
    The value of a cell is the sum over channels of its feature times the gradient, summed over
    cells: h w times what Selvaraju et al. 2017, equations 1 and 2, average, before their ReLU. So,
    behind average pooling and a linear layer, the mean over cells is the logit without its bias,
    and a cell says what the logit would be if the whole picture looked like it does there.

    Raises UsageError for a network without a global pooling that is known here.
    """
    held: list[Tensor] = []

    def hold(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        features = inputs[0].detach().requires_grad_()  # only the head is differentiated
        held.append(features)
        return (features,)

    with pooling_of(network).register_forward_pre_hook(hold), torch.enable_grad():
        logits = network(pictures).squeeze(1)
        [features] = held
        (gradient,) = torch.autograd.grad(logits.sum(), features)
    weights = gradient.sum(dim=(2, 3), keepdim=True)
    maps = (weights * features.detach()).sum(dim=1)
    return maps.double().cpu().numpy(), logits.detach()


def pooling_of(network: nn.Module) -> nn.Module:
    """The layer that the last feature map goes into. Raises UsageError where none is known."""
    for name, layer in network.named_children():
        if name in POOLINGS:
            return layer
    raise UsageError(
        f"{type(network).__name__} has no global pooling that Grad-CAM knows "
        f"({', '.join(POOLINGS)}): use the method occlusion"
    )


def grad_cam_of(classifier: CovidClassifier, seen: Seen) -> NDArray[np.float64]:
    """The map h x w of what ``classifier.see`` gives, in units of the network's logit."""
    pictures = stack([seen.picture], classifier.size)
    pictures = normalise(pictures, classifier.entry.mean, classifier.entry.std)
    network = classifier.network
    maps, _ = grad_cam(network, pictures.to(next(network.parameters()).device))
    return maps[0]
