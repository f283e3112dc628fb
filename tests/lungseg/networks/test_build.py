"""From the architecture of a card to its network."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch

from lungseg.errors import UsageError
from lungseg.networks import AttentionUNet, UNetPlusPlus, build_network
from lungseg.networks.build import NETWORKS

LITE = "tf_efficientnet_lite0"
WIDTHS = [8, 8, 8, 8, 8]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_masks_and_a_chest_logit_and_learns_whole(name: str) -> None:
    torch.manual_seed(0)
    network = build_network({"network": name, "encoder": LITE, "classes": 2, "widths": WIDTHS})
    output = network(torch.randn(2, 3, 64, 32))
    assert output.masks.shape == (2, 2, 64, 32)
    assert output.chest.shape == (2,)
    (output.masks.square().mean() + output.chest.square().mean()).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None]
    assert without == []


def test_a_card_of_the_first_release_says_no_network_and_has_gates() -> None:
    network = build_network({"encoder": "plain", "classes": 1, "widths": [2, 2]})
    assert isinstance(network, AttentionUNet)
    assert all(block.gate is not None for block in network.decoder)


def test_the_options_of_a_card_reach_the_network() -> None:
    architecture = {"network": "attention_unet", "encoder": "plain", "classes": 3, "widths": [2, 4]}
    network = build_network({**architecture, "gates": False, "separable": True})
    expected = AttentionUNet("plain", 3, [2, 4], gates=False, separable=True)
    assert str(network) == str(expected)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"network": "unet"}, UsageError, "unknown network 'unet'; use attention_unet or"),
        ({"heads": 3}, TypeError, "heads"),
        ({"network": "unet_plus_plus", "gates": False}, TypeError, "gates"),
        ({"network": "unet_plus_plus", "encoder": "plain"}, UsageError, "for the attention U-Net"),
    ],
)
def test_what_no_network_has_is_refused(
    change: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        build_network({"encoder": LITE, "classes": 1, **change})


def test_without_smp_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    with pytest.raises(UsageError, match=r"extra \[train\]"):
        UNetPlusPlus(LITE)
