"""U-Net++ of segmentation_models_pytorch on the same encoders as the attention U-Net.

Source: Zhou et al. 2018 (nested skips).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from lungseg.errors import UsageError
from lungseg.networks.attention_unet import StageOneOutput, TimmEncoder


class UNetPlusPlus(nn.Module):
    """smp's decoder and mask head with its own initial weights, and the chest head.

    ``encoder``: a timm name. ``classes``: output channels. ``widths``: channels of the decoder's
    five up-samplings, coarse to fine; None is smp's default.
    ``forward``: pictures N x 3 x H x W, H and W multiples of 32, to :class:`StageOneOutput`.
    Raises UsageError without smp.
    """

    def __init__(self, encoder: str, classes: int = 1, widths: Sequence[int] | None = None) -> None:
        super().__init__()
        try:
            import segmentation_models_pytorch as smp
        except ModuleNotFoundError as error:
            raise UsageError(
                "U-Net++ comes with the extra [train]: "
                'python -m pip install -c constraints.txt -e ".[train]"'
            ) from error
        self.encoder = TimmEncoder(encoder)
        whole = smp.UnetPlusPlus(
            f"tu-{encoder}",
            encoder_weights=None,
            decoder_channels=tuple(widths or (256, 128, 64, 32, 16)),
            classes=classes,
        )
        self.decoder: nn.Module = whole.decoder
        self.masks: nn.Module = whole.segmentation_head
        self.chest = nn.Linear(self.encoder.channels[-1], 1)

    def forward(self, pictures: Tensor) -> StageOneOutput:
        features = self.encoder(pictures)
        # smp's encoders put the picture first, and its decoders drop it
        masks = self.masks(self.decoder([pictures, *features]))
        chest = self.chest(features[-1].mean(dim=(2, 3))).squeeze(1)
        return StageOneOutput(masks, chest)
