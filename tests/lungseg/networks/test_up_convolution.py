"""The convolution of up-sampled features: the short way says what the long way says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from lungseg.networks import AttentionUNet, attention_unet
from lungseg.networks.up_convolution import up_convolution


@pytest.mark.parametrize(("skips", "shape"), [(0, (4, 6)), (3, (1, 1)), (3, (5, 4))])
def test_it_is_the_convolution_of_the_up_sampled(skips: int, shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    weight = torch.randn(7, 5 + skips, 3, 3, dtype=torch.float64)
    coarse = torch.randn(2, 5, *shape, dtype=torch.float64)
    up = functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
    skip = torch.randn(2, skips, *up.shape[2:], dtype=torch.float64) if skips else None
    joined = up if skip is None else torch.cat([up, skip], dim=1)
    expected = functional.conv2d(joined, weight, padding=1)
    assert torch.allclose(up_convolution(coarse, skip, weight), expected, atol=1e-12)


@pytest.mark.parametrize("encoder", ["plain", "tf_efficientnet_lite0"])
def test_networks_take_it_in_use_and_not_in_training(
    encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = AttentionUNet(encoder, 2, [4, 8, 8, 8, 8, 8] if encoder == "plain" else None).eval()
    picture = torch.randn(1, 3, 32, 32)
    taken = []

    def counted(*given: Any) -> torch.Tensor:
        taken.append(True)
        return up_convolution(*given)

    monkeypatch.setattr(attention_unet, "up_convolution", counted)
    with torch.inference_mode():
        found = network(picture).masks
        assert len(taken) == 5
        for block in network.decoder:
            block.training = True  # of itself, not of its batch normalisation
        expected = network(picture).masks
    assert len(taken) == 5
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))
