"""U-Net with an additive attention gate on every skip, over a plain or a pretrained encoder.

Sources: Oktay et al. 2018 (additive gate, eq. 1-2); Tran et al. 2021 (five poolings, five
up-samplings, sigmoid output). The chest head is ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from lungseg.errors import UsageError
from lungseg.networks.up_convolution import up_convolution


class StageOneOutput(NamedTuple):
    """``masks``: logits N x C x H x W, a channel a class; ``chest``: logits N, axial body CT."""

    masks: Tensor
    chest: Tensor


def conv_block(inputs: int, outputs: int) -> nn.Sequential:
    """3 x 3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def separable_block(inputs: int, outputs: int) -> nn.Sequential:
    """3 x 3 convolution of each channel, 1 x 1 across them, batch normalisation, ReLU.

    A tenth of the work of :func:`conv_block` where there are many channels.
    """
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class AttentionGate(nn.Module):
    """Weigh a skip by what the coarser level saw: a = sigmoid(psi(relu(W_x x + W_g g))).

    ``skip``: N x S x 2H x 2W (or any finer size), ``gate``: N x G x H x W. The sum is formed at
    the coarse size, as Oktay et al. do, and the coefficients are brought up bilinearly.
    """

    def __init__(self, skip: int, gate: int) -> None:
        super().__init__()
        inner = max(skip // 2, 8)
        self.of_skip = nn.Conv2d(skip, inner, 2, stride=2, bias=False)
        self.of_gate = nn.Conv2d(gate, inner, 1)
        self.psi = nn.Conv2d(inner, 1, 1)

    def coefficients(self, skip: Tensor, gate: Tensor) -> Tensor:
        """Attention in [0, 1], N x 1 x h x w of the skip."""
        added = functional.relu(self.of_skip(skip) + self.of_gate(gate))
        weights = torch.sigmoid(self.psi(added))
        return functional.interpolate(
            weights, size=skip.shape[-2:], mode="bilinear", align_corners=False
        )

    def forward(self, skip: Tensor, gate: Tensor) -> Tensor:
        return skip * self.coefficients(skip, gate)


class UpBlock(nn.Module):
    """Up-sample by two, join the skip where there is one, gated or as it is, convolve."""

    def __init__(
        self,
        inputs: int,
        skip: int,
        outputs: int,
        convolutions: int,
        gated: bool = True,
        separable: bool = False,
    ) -> None:
        super().__init__()
        block = separable_block if separable else conv_block
        self.gate = AttentionGate(skip, inputs) if skip and gated else None
        blocks = [block(inputs + skip, outputs)]
        blocks += [block(outputs, outputs) for _ in range(convolutions - 1)]
        self.convolve = nn.Sequential(*blocks)
        self.separable = separable

    def forward(self, coarse: Tensor, skip: Tensor | None) -> Tensor:
        if skip is not None and self.gate is not None:
            skip = self.gate(skip, coarse)
        if not self.training and not self.separable:
            blocks: Any = self.convolve
            (convolution, *rest), *others = blocks
            result = up_convolution(coarse, skip, convolution.weight)
            for step in (*rest, *others):
                result = step(result)
            return result
        up = functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        convolved: Tensor = self.convolve(up if skip is None else torch.cat([up, skip], dim=1))
        return convolved


class PlainEncoder(nn.Module):
    """The encoder of a U-Net from scratch: two convolutions a level, max-pooling between.

    Gives features at strides 1, 2, 4, ... of ``widths`` channels; six widths make five poolings.
    """

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 128, 256, 512)) -> None:
        super().__init__()
        self.channels = tuple(widths)
        self.first_stride = 1
        self.levels = nn.ModuleList(
            nn.Sequential(conv_block(before, width), conv_block(width, width))
            for before, width in zip((3, *widths[:-1]), widths, strict=True)
        )

    def forward(self, pictures: Tensor) -> list[Tensor]:
        features = [self.levels[0](pictures)]
        for level in list(self.levels)[1:]:
            features.append(level(functional.max_pool2d(features[-1], 2)))
        return features


class TimmEncoder(nn.Module):
    """Any timm network with ``features_only``: features at strides 2, 4, 8, 16, 32."""

    def __init__(self, name: str) -> None:
        super().__init__()
        import timm

        if not timm.is_model(name):
            near = difflib.get_close_matches(name, timm.list_models(), n=3, cutoff=0.5)
            raise UsageError(
                f"unknown encoder {name!r}; use a timm name"
                + (f", such as {', '.join(near)}" if near else "")
                + ", or plain for the attention U-Net"
            )
        self.body: nn.Module = timm.create_model(name, features_only=True, pretrained=False)
        levels: Any = self.body.feature_info
        self.channels: tuple[int, ...] = tuple(levels.channels())
        self.first_stride = int(levels.reduction()[0])
        if self.first_stride not in (1, 2):
            raise UsageError(
                f"encoder {name!r} starts at stride {self.first_stride}; the decoder needs 1 or 2"
            )

    def forward(self, pictures: Tensor) -> list[Tensor]:
        features: list[Tensor] = self.body(pictures)
        return features


class AttentionUNet(nn.Module):
    """Encoder, gated decoder, and a head that tells an axial body CT from other pictures.

    ``encoder``: ``"plain"`` (the paper's, from scratch) or a timm name.
    ``classes``: output channels. ``widths``: channels of the plain encoder, or of the decoder's
    five up-samplings, coarse to fine, with a timm encoder.
    ``gates``: False joins the skips as they are, a U-Net. ``separable``: depthwise-separable
    convolutions in the decoder, which take 40 % off the network's time on a CPU.
    ``forward``: pictures N x 3 x H x W, H and W multiples of 32, to :class:`StageOneOutput`.
    """

    def __init__(
        self,
        encoder: str = "plain",
        classes: int = 1,
        widths: Sequence[int] | None = None,
        gates: bool = True,
        separable: bool = False,
    ) -> None:
        super().__init__()
        self.encoder: PlainEncoder | TimmEncoder
        if encoder == "plain":
            self.encoder = PlainEncoder(widths or (16, 32, 64, 128, 256, 512))
            ups = self.encoder.channels[-2::-1]
            convolutions = 2
        else:
            self.encoder = TimmEncoder(encoder)
            ups = tuple(widths or (128, 64, 48, 24, 16))
            convolutions = 1
        skips = list(self.encoder.channels[-2::-1])
        skips += [0] * (len(ups) - len(skips))
        inputs = (self.encoder.channels[-1], *ups[:-1])
        self.decoder = nn.ModuleList(
            UpBlock(before, skip, after, convolutions, gates, separable)
            for before, skip, after in zip(inputs, skips, ups, strict=True)
        )
        self.masks = nn.Conv2d(ups[-1], classes, 1)
        self.chest = nn.Linear(self.encoder.channels[-1], 1)

    def decode(self, pictures: Tensor) -> tuple[list[Tensor], Tensor]:
        """What the encoder sees, fine to coarse, and the decoder at the size of the pictures."""
        features: list[Tensor] = self.encoder(pictures)
        up = features[-1]
        skips: list[Tensor | None] = list(features[-2::-1])
        skips += [None] * (len(self.decoder) - len(skips))
        for block, skip in zip(self.decoder, skips, strict=True):
            up = block(up, skip)
        return features, up

    def heads(self, features: list[Tensor], up: Tensor) -> StageOneOutput:
        """What the network says, from what :meth:`decode` gives."""
        chest = self.chest(features[-1].mean(dim=(2, 3))).squeeze(1)
        return StageOneOutput(self.masks(up), chest)

    def forward(self, pictures: Tensor) -> StageOneOutput:
        return self.heads(*self.decode(pictures))
