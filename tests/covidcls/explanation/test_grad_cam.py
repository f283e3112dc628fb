"""Grad-CAM against what is known of networks with average pooling and a linear head."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from covidcls.explanation.grad_cam import grad_cam
from covidcls.zoo import create_classifier
from lungseg.errors import UsageError


@pytest.mark.parametrize(
    ("name", "features", "head"),
    [
        ("tf_efficientnet_lite0", "forward_features", "classifier"),
        ("efficientnet-b4", "extract_features", "_fc"),
    ],
)
def test_grad_cam_is_the_class_activation_map_and_its_mean_the_logit(
    name: str, features: str, head: str
) -> None:
    torch.manual_seed(1)
    network = create_classifier(name).eval()
    pictures = torch.randn(2, 3, 64, 96)
    maps, logits = grad_cam(network, pictures)
    with torch.no_grad():
        last = network.get_submodule(head)
        # CAM of Zhou et al. 2016: no gradient, only the weights of the linear layer
        expected = torch.einsum("c,nchw->nhw", last.weight[0], getattr(network, features)(pictures))
        assert logits.tolist() == pytest.approx(network(pictures)[:, 0].tolist(), abs=1e-5)
    assert maps.shape == (2, 2, 3)
    np.testing.assert_allclose(maps, expected.numpy(), rtol=1e-3, atol=1e-4 * abs(maps).max())
    means = maps.mean(axis=(1, 2)) + last.bias.item()
    assert means == pytest.approx(logits.numpy(), rel=1e-3)


def test_a_network_is_left_as_it_was() -> None:
    network = create_classifier("tf_efficientnet_lite0").eval()
    with torch.inference_mode():  # as the classifier runs it
        pictures = torch.zeros(1, 3, 32, 32)
        before = network(pictures)
    grad_cam(network, torch.zeros(1, 3, 32, 32))
    with torch.inference_mode():
        assert torch.equal(network(pictures), before)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not network.global_pool._forward_pre_hooks


def test_a_network_without_a_known_pooling_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="Sequential has no global pooling"):
        grad_cam(torch.nn.Sequential(torch.nn.Flatten()), torch.zeros(1, 3, 4, 4))
