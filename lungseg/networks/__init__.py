"""Networks of stage 1."""

from lungseg.networks.attention_unet import AttentionUNet, StageOneOutput

__all__ = ["AttentionUNet", "StageOneOutput"]
