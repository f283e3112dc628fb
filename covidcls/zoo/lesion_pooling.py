"""A linear layer on what stage 1 sees in the lesions: its features transfer, a look does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lungseg.checkpoint import load_checkpoint, resolve
from lungseg.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

ENCODER = "tf_efficientnet_lite0"  # of the shipped stage 1
START = "segmenter"
Pooling = Literal["mean", "max"]


def build_lesion_pooling(
    pretrained: str, dropout: float, pooling: Pooling = "mean", encoder: str = ENCODER
) -> nn.Module:
    """One logit of N x 3 x H x W in [0, 1], whose channels are grey, lungs and lesion.

    ``pooling``: ``mean`` over the lesions of the encoder's features at stride 16, or ``max`` over
    the lungs of the decoder's at stride 2. ``pretrained``: ``none``, ``segmenter`` (the shipped
    stage 1), or the name or path of another attention U-Net over ``encoder``. Raises
    CheckpointError where there is none, UsageError where its tensors do not fit.
    """
    from covidcls.zoo.lesion_pooling_network import (
        DecoderTrunk,
        EncoderTrunk,
        LesionPooling,
        at_maximum,
        by_lesion,
    )

    network = (
        LesionPooling(EncoderTrunk(encoder), by_lesion, dropout)
        if pooling == "mean"
        else LesionPooling(DecoderTrunk(encoder), at_maximum, dropout)
    )
    if pretrained != "none":
        start_from(network.trunk, pretrained)
    return network


def start_from(trunk: nn.Module, pretrained: str) -> None:
    """Load the tensors of ``trunk``, which are named as in stage 1, from a stage-1 checkpoint."""
    import torch

    name = None if pretrained == START else pretrained
    checkpoint = load_checkpoint(resolve(name, None, "segmenter"), "segmenter")
    expected = trunk.state_dict()
    wrong = [
        key
        for key, value in expected.items()
        if key not in checkpoint.tensors or checkpoint.tensors[key].shape != value.shape
    ]
    if wrong:
        raise UsageError(
            f"the stage 1 {checkpoint.name} is not one that lesion pooling can start from: "
            f"{len(wrong)} tensors differ (first: {wrong[0]}); "
            f"use an attention U-Net over {ENCODER}"
        )
    trunk.load_state_dict({key: torch.as_tensor(checkpoint.tensors[key]) for key in expected})
