"""Features of a stage-1 network, pooled over lesions or lungs, standardised, and a linear layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import timm
from torch import Tensor, nn
from torch.nn import functional

from lungseg.networks import AttentionUNet
from lungseg.tensors import normalise

# Added to the share of the picture that is lesion: without any the pooled features are zero.
LEAST_LESION = 1e-5
Shares = Callable[[Tensor, Tensor, Tensor], Tensor]


class EncoderTrunk(nn.Module):
    """The encoder of stage 1 up to stride 16, under the names of its tensors there."""

    stride = 16

    def __init__(self, name: str) -> None:
        super().__init__()
        body: Any = timm.create_model(name, features_only=True, pretrained=False, out_indices=(3,))
        self.channels = int(body.feature_info.channels()[-1])
        self.encoder = nn.ModuleDict({"body": body})

    def forward(self, pictures: Tensor) -> Tensor:
        features: Tensor = self.encoder["body"](pictures)[-1]
        return features


class DecoderTrunk(nn.Module):
    """The encoder of stage 1 and its decoder up to stride 2, under the names of its tensors there.

    Pictures have sides that are multiples of 32.
    """

    stride = 2

    def __init__(self, name: str) -> None:
        super().__init__()
        whole: Any = AttentionUNet(name)
        self.encoder = whole.encoder
        self.decoder = whole.decoder[: len(whole.encoder.channels) - 1]
        _, normed, _ = self.decoder[-1].convolve[-1]
        self.channels = int(normed.num_features)

    def forward(self, pictures: Tensor) -> Tensor:
        features = self.encoder(pictures)
        up = features[-1]
        for block, skip in zip(self.decoder, features[-2::-1], strict=True):
            up = block(up, skip)
        return up


def by_lesion(features: Tensor, lungs: Tensor, lesion: Tensor) -> Tensor:
    """Shares N x 1 x h x w of the places by their lesion; their mean is 1, of no lesion 0."""
    return lesion / (lesion.mean((2, 3), keepdim=True) + LEAST_LESION)


def at_maximum(features: Tensor, lungs: Tensor, lesion: Tensor) -> Tensor:
    """Shares N x C x h x w, 0 but where ``features``, none below 0, are largest in the lungs."""
    lungs = (lungs >= 0.5).to(features.dtype)
    inside = features.detach() * lungs
    highest = (inside == inside.amax((2, 3), keepdim=True)).to(features.dtype)
    return highest * lungs / highest.mean((2, 3), keepdim=True)


class LesionPooling(nn.Module):
    """Pictures N x 3 x H x W in [0, 1], grey, lungs and lesion, to logits N x 1.

    ``shares``: of features, lungs and lesion N x 1 x h x w, by how much each place counts.
    """

    def __init__(self, trunk: EncoderTrunk | DecoderTrunk, shares: Shares, dropout: float) -> None:
        super().__init__()
        self.trunk, self.shares = trunk, shares
        # without momentum the mean of all batches: what goes in is fixed where the trunk is frozen
        self.standardise = nn.BatchNorm1d(trunk.channels, affine=False, momentum=None)
        self.global_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(trunk.channels, 1)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward_features(self, pictures: Tensor) -> Tensor:
        """N x C x h x w, of which the mean is what is pooled, standardised by what was seen so
        far: by the batch itself, a picture would be judged by its neighbours."""
        grey, masks = pictures[:, 0], pictures[:, 1:].clamp(min=0)
        features = self.trunk(normalise(grey))  # as stage 1 does
        masks = functional.avg_pool2d(masks, self.trunk.stride, ceil_mode=True)
        pooled = features * self.shares(features, masks[:, :1], masks[:, 1:])
        if self.training:
            self.standardise(pooled.detach().mean((2, 3)))  # which only takes note of them
        mean, variance = self.standardise.running_mean, self.standardise.running_var
        return functional.batch_norm(pooled, mean, variance, eps=self.standardise.eps)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.classifier(
            self.dropout(self.global_pool(self.forward_features(pictures)))
        )
        return logits
