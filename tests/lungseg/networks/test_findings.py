"""What stage 1 sees in the lesions: pooled where it finds them, the same on every backend."""

from __future__ import annotations

import torch

from lungseg.networks import AttentionUNet
from lungseg.networks.findings import findings_of, with_findings

SURE = 30.0  # a logit that is certain


def masks_of(lung: torch.Tensor, lesion: torch.Tensor) -> torch.Tensor:
    """Logits 1 x 2 x H x W of two masks that are certain."""
    return (torch.stack([lung, lesion])[None].float() * 2 - 1) * SURE


def test_features_are_pooled_over_lesions_in_the_lungs_alone() -> None:
    torch.manual_seed(0)
    lung, lesion = torch.zeros(2, 32, 32, dtype=torch.bool)
    lung[:, 8:24] = True
    lesion[0:16, 0:16] = True  # of which one half lies in the lung: one place at stride 8
    deep, fine = torch.rand(1, 5, 4, 4), torch.rand(1, 3, 32, 32)
    found = findings_of(deep, 8, fine, masks_of(lung, lesion))[0]
    assert found.shape == (5 + 3 + 3,)
    expected = deep[0, :, 0:2, 1].mean(1), fine[0, :, 0:16, 8:16].mean((1, 2))
    torch.testing.assert_close(found[:8], torch.cat(expected), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(found[8:], fine[0][:, lung].amax(1))


def test_without_a_lesion_nothing_is_pooled_over_it() -> None:
    lung = torch.ones(32, 32, dtype=torch.bool)
    deep, fine = torch.rand(1, 5, 4, 4), torch.rand(1, 3, 32, 32)
    found = findings_of(deep, 8, fine, masks_of(lung, ~lung))[0]
    assert found[:8].abs().max() < 1e-6
    assert (found[8:] > 0.5).all()


def test_the_network_says_what_it_says_without_them() -> None:
    torch.manual_seed(1)
    network = AttentionUNet("plain", classes=2, widths=[4, 8, 8, 8]).eval()
    pictures = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        masks, chest, findings = with_findings(network, pictures)
        plain = network(pictures)
    torch.testing.assert_close(masks, plain.masks)
    torch.testing.assert_close(chest, plain.chest)
    assert findings.shape == (2, 8 + 4 + 4)
