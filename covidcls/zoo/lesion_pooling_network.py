"""Branches of features, pooled over lesions, lungs or the picture, each with a linear layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lungseg.networks import AttentionUNet
from lungseg.tensors import normalise

GRID = 16  # pixels a side of a place of the last feature map
# Added to the share of the picture that is lesion: without any the pooled features are zero.
LEAST_LESION = 1e-5
# Of the squared weights on what stage 1 sees: that of a logistic regression of standardised
# features with C = 0.001 on 500 slices. Looser, it learns the source that it is trained on.
PENALTY = 1.0
# Share of the look's logit in the sum, whose spread is several times that of the others.
LOOK_SHARE = 0.25
LESION_MASK = 1  # channel of stage 1's masks
LESION_BRANCHES = 3  # deep, fine, peak


def by_lesion(lesion: Tensor) -> Tensor:
    """Shares N x 1 x h x w of the places by their lesion; their mean is 1, of no lesion 0."""
    return lesion / (lesion.mean((2, 3), keepdim=True) + LEAST_LESION)


def at_maximum(features: Tensor, lungs: Tensor) -> Tensor:
    """Shares N x C x h x w, 0 but where ``features``, none below 0, are largest in the lungs."""
    lungs = (lungs >= 0.5).to(features.dtype)
    inside = features.detach() * lungs
    highest = (inside == inside.amax((2, 3), keepdim=True)).to(features.dtype)
    return highest * lungs / highest.mean((2, 3), keepdim=True)


class LesionPooling(nn.Module):
    """Pictures N x 3 x H x W in [0, 1], grey, lungs and lesion, to logits N x 1.

    Three branches pool what stage 1 (``encoder``; it stays as it is) sees in the picture: its deep
    features and its finest ones over the lesions that it finds there, and the highest of the finest
    in the lungs. ``look`` is a fourth, a network with ``forward_features`` that learns. The logit
    is the sum of the branches' logits. H and W are multiples of 32; the third channel is not used.
    """

    def __init__(self, encoder: str, look: nn.Module | None, dropout: float) -> None:
        super().__init__()
        stage_one: Any = AttentionUNet(encoder, classes=2)
        self.stage_one = stage_one.requires_grad_(False)
        self.look = look
        fine = stage_one.masks.in_channels
        self.widths = [stage_one.encoder.channels[3], fine, fine]
        # without momentum the mean of all batches: what goes in is fixed, as stage 1 is
        self.standardise = nn.BatchNorm1d(sum(self.widths), affine=False, momentum=None)
        if look is not None:
            of_look: Any = look
            self.widths.append(of_look.num_features)
        self.global_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(sum(self.widths), 1)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)
        # of each branch while it learns; the sum needs none, for it is calibrated
        self.biases = nn.Parameter(torch.zeros(len(self.widths)))

    def train(self, mode: bool = True) -> LesionPooling:
        """As torch does, but for stage 1, which stays in evaluation."""
        super().train(mode)
        self.stage_one.eval()
        return self

    def forward_features(self, pictures: Tensor) -> Tensor:
        """N x C x h x w, of which the mean is what each branch pools, side by side."""
        grey = normalise(pictures[:, 0])  # as stage 1 does
        pooled = self._of_lesions(grey, pictures[:, 1:2])
        if self.training:
            self.standardise(pooled.detach().mean((2, 3)))  # which only takes note of them
        # by what was seen so far: by the batch itself, a picture would be judged by its neighbours
        mean, variance = self.standardise.running_mean, self.standardise.running_var
        standard = functional.batch_norm(pooled, mean, variance, eps=self.standardise.eps)
        if self.look is None:
            return standard
        of_look: Any = self.look
        look: Tensor = of_look.forward_features(grey)
        look = functional.interpolate(look, size=standard.shape[2:], mode="nearest")
        return torch.cat([standard, LOOK_SHARE * look], dim=1)

    def _of_lesions(self, grey: Tensor, lungs: Tensor) -> Tensor:
        with torch.no_grad():
            levels, fine = self.stage_one.decode(grey)
            found = torch.sigmoid(self.stage_one.masks(fine)[:, LESION_MASK : LESION_MASK + 1])
            lesion = found * lungs.clamp(min=0)
            deep = levels[3] * by_lesion(functional.avg_pool2d(lesion, GRID))
            mean, peak = fine * by_lesion(lesion), fine * at_maximum(fine, lungs)
            return torch.cat([deep, *(functional.avg_pool2d(one, GRID) for one in (mean, peak))], 1)

    def begin(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Fit the layers on what stage 1 sees, which does not change, as :meth:`loss` would in the
        end: by logistic regression on ``batches`` of pictures and labels N. Only once."""
        if self.standardise.num_batches_tracked:
            return  # a training that goes on
        from sklearn.linear_model import LogisticRegression

        seen, labels = [], []
        for pictures, target in batches:
            pooled = self._of_lesions(normalise(pictures[:, 0]), pictures[:, 1:2]).mean((2, 3))
            self.standardise(pooled)
            seen.append(pooled)
            labels.append(target)
        mean, variance = self.standardise.running_mean, self.standardise.running_var
        features = functional.batch_norm(torch.cat(seen), mean, variance, eps=self.standardise.eps)
        truth = torch.cat(labels).cpu().numpy() > 0.5
        model = LogisticRegression(C=1 / (2 * PENALTY * len(truth)), max_iter=1000)
        weights = self.classifier.weight.data.split(self.widths, dim=1)
        for number, one in enumerate(features.split(self.widths[:LESION_BRANCHES], dim=1)):
            model.fit(one.double().cpu().numpy(), truth)
            weights[number].copy_(torch.from_numpy(model.coef_))
            self.biases.data[number] = float(model.intercept_[0])

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.global_pool(self.forward_features(pictures)))
        return logits

    def loss(
        self, pictures: Tensor, target: Tensor, of: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        """The mean over branches of the loss ``of`` logits N and targets N, and the penalty.

        Each branch learns as if it were alone: the look explains the source that it is trained on
        so well that nothing would be left to learn from the lesions.
        """
        features = self.global_pool(self.forward_features(pictures)).split(self.widths, dim=1)
        weights = self.classifier.weight.split(self.widths, dim=1)
        losses = []
        for number, (one, weight) in enumerate(zip(features, weights, strict=True)):
            is_look = number == LESION_BRANCHES
            given = self.dropout(one) / LOOK_SHARE if is_look else one
            logits = functional.linear(given, weight, self.biases[number : number + 1]).squeeze(1)
            loss = of(logits, target)
            losses.append(loss if is_look else loss + PENALTY * weight.square().sum())
        return torch.stack(losses).mean()
