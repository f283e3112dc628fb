"""The honest baseline: no look at the picture, logistic regression on the share of lesion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from covidcls.views.lesion_share import LEAST_SHARE, LESION_FEATURES
from lungseg.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

NAME = "lesion_share"


def build_lesion_share(pretrained: str, dropout: float) -> nn.Module:
    """One logit of N x 3 x H x W, whose channels are grey (not looked at), lungs and lesion.

    There is nothing to start from and nothing to drop: any ``pretrained`` but ``none`` raises
    UsageError, and ``dropout`` is left alone.
    """
    import torch
    from torch import nn

    if pretrained != "none":
        raise UsageError(f"there are no weights to start {NAME} from; use --model.pretrained none")

    class LesionShare(nn.Module):
        """See :func:`covidcls.views.lesion_share.lesion_features`, here in torch."""

        def __init__(self) -> None:
            super().__init__()
            self.standardise = nn.BatchNorm1d(len(LESION_FEATURES), affine=False)
            self.classifier = nn.Linear(len(LESION_FEATURES), 1)
            nn.init.zeros_(self.classifier.weight)
            nn.init.zeros_(self.classifier.bias)

        def forward_features(self, pictures: torch.Tensor) -> torch.Tensor:
            lung, lesion = pictures[:, 1], pictures[:, 2]
            area = lung.mean((1, 2)).clamp(min=1e-6)
            found = (lung * (lesion >= 0.5)).mean((1, 2)) / area
            shares = torch.stack([found, lesion.mean((1, 2)) / area], 1).clamp(min=0)
            features = torch.cat([shares, (shares + LEAST_SHARE).log()], 1)
            standard: torch.Tensor = self.standardise(features)
            return standard[:, :, None, None]  # a map of one place, as networks have

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            logit: torch.Tensor = self.classifier(self.forward_features(pictures).mean((2, 3)))
            return logit

    return LesionShare()
