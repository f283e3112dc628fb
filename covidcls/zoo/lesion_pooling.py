"""What stage 1 sees in the lesions, and with it the look: the one transfers, the other does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from covidcls.zoo.efficientnet_lite import build_lite
from lungseg.checkpoint import load_checkpoint, resolve
from lungseg.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

ENCODER = "tf_efficientnet_lite0"  # of the shipped stage 1
START = "segmenter"


def build_lesion_pooling(pretrained: str, dropout: float, encoder: str = ENCODER) -> nn.Module:
    """One logit of N x 3 x H x W in [0, 1], whose channels are grey, lungs and lesion.

    ``pretrained``: ``none``, ``segmenter`` (the shipped stage 1), or the name or path of another
    attention U-Net over ``encoder``. Raises CheckpointError where there is none, UsageError where
    its tensors do not fit.
    """
    from covidcls.zoo.lesion_pooling_network import LesionPooling

    network = LesionPooling(encoder, None, dropout)
    if pretrained != "none":
        start_from(network.stage_one, None if pretrained == START else pretrained)
    return network


def build_lesion_and_look(
    pretrained: str, dropout: float, look: str, encoder: str = ENCODER
) -> nn.Module:
    """The same with a branch that learns the ``look``, a timm EfficientNet-Lite.

    ``pretrained``: ``none``, or where the look starts (``package``, ``download``, a file), while
    the rest is the shipped stage 1.
    """
    from covidcls.zoo.lesion_pooling_network import LesionPooling

    body: Any = build_lite(look, pretrained, dropout=0.0)
    body.reset_classifier(0)
    network = LesionPooling(encoder, body, dropout)
    if pretrained != "none":
        start_from(network.stage_one, None)
    return network


def start_from(stage_one: nn.Module, name: str | None) -> None:
    """Load ``stage_one`` from a checkpoint by name or path; None is the shipped one."""
    import torch

    checkpoint = load_checkpoint(resolve(name, None, "segmenter"), "segmenter")
    expected = stage_one.state_dict()
    wrong = [
        key
        for key, value in expected.items()
        if key not in checkpoint.tensors or checkpoint.tensors[key].shape != value.shape
    ]
    if wrong:
        raise UsageError(
            f"the stage 1 {checkpoint.name} is not one that lesion pooling can start from: "
            f"{len(wrong)} tensors differ (first: {wrong[0]}); "
            f"use an attention U-Net over {ENCODER} that finds lesions"
        )
    stage_one.load_state_dict({key: torch.as_tensor(checkpoint.tensors[key]) for key in expected})
