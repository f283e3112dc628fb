"""What a classifier answers, and which places of the picture the answer comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

HEADS = ("classifier", "_fc")  # of timm and efficientnet_pytorch


def logit_and_evidence(network: nn.Module, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Logits N, and the class activation maps N x h x w of which each is the mean.

    The last layer applied to each place of the last feature map instead of to its mean (Zhou et al.
    2016, eq. 2, and the bias): what Grad-CAM gives for such a network, without a gradient.
    """
    from torch.nn.functional import conv2d

    whole: Any = network
    timm = hasattr(network, "forward_features")
    features = whole.forward_features(pictures) if timm else whole.extract_features(pictures)
    head: Any = next(layer for name, layer in network.named_children() if name in HEADS)
    evidence = conv2d(features, head.weight[:, :, None, None], head.bias).squeeze(1)
    logit = head(features.mean(dim=(2, 3))).squeeze(1)
    return logit, evidence
