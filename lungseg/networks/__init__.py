"""Networks of stage 1."""

from lungseg.networks.attention_unet import AttentionUNet, StageOneOutput
from lungseg.networks.build import Network, build_network
from lungseg.networks.unet_plus_plus import UNetPlusPlus

__all__ = ["AttentionUNet", "Network", "StageOneOutput", "UNetPlusPlus", "build_network"]
