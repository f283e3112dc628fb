"""Losses of stage 1: Focal Tversky as printed and as Abraham & Khan have it, soft Dice, BCE."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Sums = Literal["batch", "slice"]
Exponent = Literal["gamma", "inverse_gamma"]
Region = Literal["focal_tversky", "dice", "none"]


def tversky_index(
    probability: Tensor,
    target: Tensor,
    alpha: float = 0.7,
    beta: float = 0.3,
    smooth: float = 1.0,
    sums: Sums = "batch",
) -> Tensor:
    """TI = (sum p g + e) / (sum p g + alpha FN + beta FP + e), per class.

    ``probability`` and ``target``: N x C x H x W in [0, 1]. ``alpha`` weighs the false negatives
    sum (1 - p) g, ``beta`` the false positives sum p (1 - g) (Salehi et al. 2017). ``smooth``: e,
    in pixels. Returns C values for ``sums="batch"``, N x C for ``sums="slice"``, in (0, 1].
    """
    axes = (0, 2, 3) if sums == "batch" else (2, 3)
    hit = (probability * target).sum(axes)
    missed = ((1 - probability) * target).sum(axes)
    false = (probability * (1 - target)).sum(axes)
    return (hit + smooth) / (hit + alpha * missed + beta * false + smooth)


class FocalTverskyLoss(nn.Module):
    """Sum over classes of (1 - TI)^x.

    ``exponent="gamma"``: x = gamma, 1.3, as Tran et al. 2021 print it (the default).
    ``exponent="inverse_gamma"``: x = 1 / gamma, Abraham & Khan 2019 with gamma = 4/3.
    ``sums="batch"`` (default): one index over all slices of the batch, so that a slice without
    lung (where every index is either 1 or nearly 0) adds its false pixels in proportion to their
    number; ``sums="slice"``: an index a slice, then the mean over the slices of known target.

    ``forward``: logits and target N x C x H x W, ``known`` bool N x C: false where the target of
    that slice and class is not known; there neither hits nor misses count. Returns a scalar.
    """

    def __init__(
        self,
        alpha: float = 0.7,
        beta: float = 0.3,
        gamma: float = 1.3,
        exponent: Exponent = "gamma",
        sums: Sums = "batch",
        smooth: float = 1.0,
    ) -> None:
        super().__init__()
        if exponent not in ("gamma", "inverse_gamma"):
            raise ValueError(f"exponent is 'gamma' or 'inverse_gamma', not {exponent!r}")
        if sums not in ("batch", "slice"):
            raise ValueError(f"sums is 'batch' or 'slice', not {sums!r}")
        self.alpha, self.beta, self.smooth, self.sums = alpha, beta, smooth, sums
        self.power = gamma if exponent == "gamma" else 1 / gamma

    def forward(self, logits: Tensor, target: Tensor, known: Tensor | None = None) -> Tensor:
        probability = torch.sigmoid(logits.float())
        target = target.float()
        if known is not None:
            counted = known.float()[:, :, None, None]
            probability, target = probability * counted, target * counted
        index = tversky_index(probability, target, self.alpha, self.beta, self.smooth, self.sums)
        # a base of exactly 0 has an infinite gradient where the power is below 1
        loss = (1 - index).clamp_min(1e-7) ** self.power
        if self.sums == "slice" and known is not None:
            slices = known.float().sum(dim=0).clamp_min(1)
            loss = (loss * known.float()).sum(dim=0) / slices
        elif self.sums == "slice":
            loss = loss.mean(dim=0)
        return loss.sum()


def dice_loss(sums: Sums = "batch") -> FocalTverskyLoss:
    """Soft Dice, 1 - Dice summed over classes: the Tversky index with alpha = beta = 1/2 is Dice
    (Salehi et al. 2017)."""
    return FocalTverskyLoss(alpha=0.5, beta=0.5, gamma=1.0, sums=sums)


def masked_bce(logits: Tensor, target: Tensor, known: Tensor | None = None) -> Tensor:
    """Binary cross entropy, mean over the pixels (N x C x H x W) whose class is known (N x C)."""
    loss = functional.binary_cross_entropy_with_logits(
        logits.float(), target.float(), reduction="none"
    ).mean(dim=(2, 3))
    if known is None:
        return loss.mean()
    counted = known.float()
    return (loss * counted).sum() / counted.sum().clamp_min(1)
