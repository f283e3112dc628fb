"""What stage 1 sees in the lesions, as numbers that another model can judge."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lungseg.networks.attention_unet import AttentionUNet

LUNG, LESION = 0, 1  # channels of the masks
# Added to the share of the picture that is lesion, so that nothing at all is pooled as zero. What a
# network suspects in a healthy lung is more than this: its features are then those of that place.
LEAST_LESION = 1e-5


def findings_of(deep: Tensor, stride: int, fine: Tensor, masks: Tensor) -> Tensor:
    """Findings N x F from ``deep`` features at ``stride``, the ``fine`` ones of the decoder, and
    the logits of the masks.

    Side by side: both features as their mean over the lesions that the network finds in the lungs,
    and of the fine ones the highest in the lungs. By the probability of lesion, so that of
    several a faint one counts less; how much lung they cover does not count.
    """
    lungs = torch.sigmoid(masks[:, LUNG : LUNG + 1])
    lesion = lungs * torch.sigmoid(masks[:, LESION : LESION + 1])
    deep = deep * _shares(functional.avg_pool2d(lesion, stride))
    inside = fine * (lungs >= 0.5).to(fine.dtype)  # none below 0
    return torch.cat(
        [deep.mean((2, 3)), (fine * _shares(lesion)).mean((2, 3)), inside.amax((2, 3))], 1
    )


def _shares(lesion: Tensor) -> Tensor:
    """What each place of N x 1 x h x w counts; the mean is 1, of a picture without lesion 0."""
    return lesion / (lesion.mean((2, 3), keepdim=True) + LEAST_LESION)


def with_findings(network: AttentionUNet, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What an attention U-Net with a lesion mask is called for, and the findings.

    The deep features are the encoder's before its last, which at stride 32 mix a lobe.
    """
    features, fine = network.decode(pictures)
    found = network.heads(features, fine)
    stride = network.encoder.first_stride * 2 ** (len(features) - 2)
    findings = findings_of(features[-2], stride, _convolved_by_one(fine), found.masks)
    return found.masks, found.chest, findings


def _convolved_by_one(features: Tensor) -> Tensor:
    """``features`` as they are; in a graph that is exported, out of a convolution.

    Where it computes in bfloat16, OpenVINO leaves in float32 all that lies between an output and
    the last convolutions before it. To it a transposed convolution is none, so that these pooled
    features would keep the whole decoder in float32: 5.5 ms a slice instead of 3.7, on 2 cores with
    AMX, a slice a request. In float32 both take 8.4 to 8.6 ms.
    """
    if not torch.onnx.is_in_onnx_export():
        return features
    channels = features.shape[1]
    one = torch.tensor([[[[1.0]]]] * channels)  # to the exporter a constant, as torch.ones is not
    return functional.conv2d(features, one, groups=channels)
