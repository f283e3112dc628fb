"""The attention U-Net: its geometry, its gates, its size."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from lungseg.errors import UsageError
from lungseg.networks import AttentionUNet
from lungseg.networks.attention_unet import AttentionGate, TimmEncoder

TINY = [4, 8, 8, 8, 8, 8]
ENCODERS = [("plain", TINY), ("tf_efficientnet_lite0", None)]


@pytest.fixture(scope="module", params=ENCODERS, ids=[name for name, _ in ENCODERS])
def network(request: pytest.FixtureRequest) -> AttentionUNet:
    torch.manual_seed(0)
    encoder, widths = request.param
    return AttentionUNet(encoder, 2, widths).eval()


def gates_of(network: AttentionUNet) -> list[AttentionGate]:
    return [module for module in network.modules() if isinstance(module, AttentionGate)]


def test_masks_have_the_size_of_the_picture_and_chest_is_one_number(network: AttentionUNet) -> None:
    with torch.inference_mode():
        for shape in ((64, 64), (96, 32)):
            output = network(torch.randn(3, 3, *shape))
            assert output.masks.shape == (3, 2, *shape)
            assert output.chest.shape == (3,)


def test_five_poolings_in_the_plain_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    pooled = []
    pool = functional.max_pool2d

    def counted(features: torch.Tensor, size: int) -> torch.Tensor:
        result = pool(features, size)
        pooled.append((features.shape[-1], result.shape[-1]))
        return result

    monkeypatch.setattr(functional, "max_pool2d", counted)
    AttentionUNet("plain", 1, TINY)(torch.zeros(2, 3, 64, 64))
    assert pooled == [(64, 32), (32, 16), (16, 8), (8, 4), (4, 2)]


def test_five_up_samplings_and_a_gate_on_every_skip(network: AttentionUNet) -> None:
    plain = not isinstance(network.encoder, TimmEncoder)
    assert len(network.decoder) == 5
    assert len(gates_of(network)) == (5 if plain else 4)  # Lite0 has no features at stride 1
    with torch.inference_mode():
        features = network.encoder(torch.randn(1, 3, 64, 64))
    assert [f.shape[-1] for f in features] == [64 // 2**n for n in range(0 if plain else 1, 6)]
    for gate, skip in zip(gates_of(network), network.encoder.channels[-2::-1], strict=True):
        assert gate.of_skip.in_channels == skip


def test_attention_lies_in_0_to_1_and_multiplies_the_skip() -> None:
    torch.manual_seed(0)
    gate = AttentionGate(6, 4)
    skip, coarse = torch.randn(2, 6, 16, 16) * 5, torch.randn(2, 4, 8, 8) * 5
    attention = gate.coefficients(skip, coarse)
    assert attention.shape == (2, 1, 16, 16)
    assert 0 <= attention.min() < attention.max() <= 1
    assert torch.equal(gate(skip, coarse), skip * attention)


def test_the_gate_is_additive_as_published() -> None:
    torch.manual_seed(0)
    gate = AttentionGate(6, 4)
    skip, coarse = torch.randn(1, 6, 2, 2), torch.randn(1, 4, 1, 1)
    added = (gate.of_skip.weight * skip).sum((1, 2, 3)) + (
        gate.of_gate.weight[:, :, 0, 0] @ coarse[0, :, 0, 0] + gate.of_gate.bias
    )
    expected = torch.sigmoid(gate.psi.weight[0, :, 0, 0] @ added.relu() + gate.psi.bias)
    assert torch.allclose(gate.coefficients(skip, coarse), expected.expand(1, 1, 2, 2), atol=1e-6)


def test_a_closed_gate_shuts_its_skip_out(network: AttentionUNet) -> None:
    features = [torch.randn(1, c, 64 >> n, 64 >> n) for n, c in enumerate(network.encoder.channels)]
    for number, block in enumerate(network.decoder):
        if block.gate is None:
            continue
        skip = features[-2 - number]
        coarse = torch.randn(1, block.gate.of_gate.in_channels, *(s // 2 for s in skip.shape[-2:]))
        bias = block.gate.psi.bias.clone()
        with torch.no_grad():
            usual = block(coarse, skip) - block(coarse, skip * 2)
            block.gate.psi.bias.fill_(-1e4)
            closed = block(coarse, skip) - block(coarse, skip * 2)
            block.gate.psi.bias.copy_(bias)
        assert usual.abs().max() > 0
        assert closed.abs().max() == 0


def test_every_gate_learns(network: AttentionUNet) -> None:
    network.train()
    network(torch.randn(2, 3, 64, 64)).masks.square().mean().backward()
    for gate in gates_of(network):
        for name, parameter in gate.named_parameters():
            assert parameter.grad is not None
            assert parameter.grad.abs().max() > 0, name
    network.zero_grad()
    network.eval()


def test_without_gates_the_skips_are_joined_as_they_are() -> None:
    torch.manual_seed(0)
    network = AttentionUNet("plain", 2, TINY, gates=False).eval()
    assert not gates_of(network)
    shapes = {k: v.shape for k, v in network.state_dict().items()}
    gated = AttentionUNet("plain", 2, TINY).state_dict()
    assert shapes == {k: v.shape for k, v in gated.items() if ".gate." not in k}
    block = network.decoder[0]
    coarse, skip = torch.randn(1, 8, 2, 2), torch.randn(1, 8, 4, 4)
    whole = torch.cat([functional.interpolate(coarse, scale_factor=2), skip], dim=1)
    torch.testing.assert_close(block(coarse, skip), block.convolve(whole))


def test_separable_blocks_filter_each_channel_alone(network: AttentionUNet) -> None:
    plain = not isinstance(network.encoder, TimmEncoder)
    thin = AttentionUNet("plain" if plain else "tf_efficientnet_lite0", 2, separable=True)
    wide = [m for m in thin.decoder.modules() if isinstance(m, nn.Conv2d) and m.kernel_size[0] == 3]
    assert len(wide) == 5 * (2 if plain else 1)
    assert all(m.groups == m.in_channels for m in wide)


@pytest.mark.parametrize(
    ("encoder", "classes", "parameters"),
    [("plain", 1, 8_128_311), ("tf_efficientnet_lite0", 2, 3_661_271)],
)
def test_the_size_of_the_published_networks(encoder: str, classes: int, parameters: int) -> None:
    network = AttentionUNet(encoder, classes)
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_an_encoder_that_starts_too_coarse_is_refused() -> None:
    with pytest.raises(UsageError, match="starts at stride 4"):
        AttentionUNet("convnext_atto")


def test_an_unknown_encoder_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown encoder .*tf_efficientnet_lite0"):
        AttentionUNet("tf_efficientnet_lte0")


def test_the_chest_head_sees_the_deepest_features(network: AttentionUNet) -> None:
    assert isinstance(network.chest, nn.Linear)
    assert network.chest.in_features == network.encoder.channels[-1]
