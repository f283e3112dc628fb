"""Which operations of a training in mixed precision stay in float32 on a CPU."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from lungseg.precision import DepthwiseInFloat32


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.randn(2, 8, 9, 9, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("stride", [1, 2])
def test_a_depthwise_convolution_is_exact_and_its_output_as_autocast_has_it(
    pictures: torch.Tensor, stride: int
) -> None:
    depthwise = nn.Conv2d(8, 8, 5, stride, 2, groups=8)
    exact = depthwise(pictures)
    with torch.autocast("cpu", torch.bfloat16), DepthwiseInFloat32():
        found = depthwise(pictures)
    assert torch.equal(found, exact.to(torch.bfloat16))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = depthwise(pictures)
    assert not torch.equal(found, rounded)  # else this context does nothing


def test_its_gradient_is_that_of_float32(pictures: torch.Tensor) -> None:
    depthwise = nn.Conv2d(8, 8, 5, 2, 2, groups=8, bias=False)
    depthwise(pictures).sum().backward()
    exact = depthwise.weight.grad
    depthwise.weight.grad = None
    with torch.autocast("cpu", torch.bfloat16), DepthwiseInFloat32():
        total = depthwise(pictures).float().sum()
    total.backward()
    assert depthwise.weight.grad.dtype == torch.float32
    assert torch.equal(depthwise.weight.grad, exact)


@pytest.mark.parametrize("autocast", [True, False])
def test_all_others_are_left_as_they_are(pictures: torch.Tensor, autocast: bool) -> None:
    plain, grouped = nn.Conv2d(8, 4, 3), nn.Conv2d(8, 8, 3, groups=8)
    for convolution in (plain, grouped) if not autocast else (plain,):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            expected = convolution(pictures)
            with DepthwiseInFloat32():
                found = convolution(pictures)
        assert found.dtype == expected.dtype
        assert torch.equal(found, expected)


def test_the_convolutions_of_timm_are_reached() -> None:
    network = timm.create_model("tf_efficientnet_lite0", num_classes=1).train()
    strided = network.blocks[1][0].conv_dw  # pads as TensorFlow does
    pictures = torch.rand(2, strided.in_channels, 16, 16)
    exact = strided(pictures)
    with torch.autocast("cpu", torch.bfloat16), DepthwiseInFloat32():
        assert torch.equal(strided(pictures), exact.to(torch.bfloat16))
