"""From what a card says of a network to the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from lungseg.errors import UsageError
from lungseg.networks.attention_unet import AttentionUNet
from lungseg.networks.unet_plus_plus import UNetPlusPlus

Network = Literal["attention_unet", "unet_plus_plus"]
NETWORKS: dict[Network, type[AttentionUNet] | type[UNetPlusPlus]] = {
    "attention_unet": AttentionUNet,
    "unet_plus_plus": UNetPlusPlus,
}


def build_network(architecture: Mapping[str, Any]) -> AttentionUNet | UNetPlusPlus:
    """The network that the ``architecture`` of a card describes.

    ``network`` (a name of :data:`NETWORKS`; the attention U-Net in cards that do not say),
    ``encoder``, ``classes``, and what else that network takes: ``widths``, ``gates``,
    ``separable``. Raises KeyError or TypeError for options missing or unknown, UsageError for an
    unknown name.
    """
    options = dict(architecture)
    name = options.pop("network", "attention_unet")
    if name not in NETWORKS:
        raise UsageError(f"unknown network {name!r}; use {' or '.join(NETWORKS)}")
    encoder, classes = options.pop("encoder"), options.pop("classes")
    return NETWORKS[name](encoder, classes, **options)
