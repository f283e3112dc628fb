"""ImageNet starts: strictly loaded, and what does not fit is named."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from lungseg.errors import UsageError
from lungseg.networks import AttentionUNet
from lungseg.networks.attention_unet import TimmEncoder
from lungseg.networks.build import NETWORKS, Network
from lungseg.networks.pretrained import (
    PACKAGES,
    in_order_of,
    load_encoder,
    packaged_file,
    read_state,
)

NAME = "tf_efficientnet_lite0"


def needs_package(name: str) -> None:
    if importlib.util.find_spec(PACKAGES[name]) is None:
        pytest.skip(f"the extra [pretrained] is not installed ({PACKAGES[name]})")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_fits_its_timm_network(name: str) -> None:
    needs_package(name)
    network = timm.create_model(name, pretrained=False)
    state = read_state(packaged_file(name))
    mapped = in_order_of(state, network, "package")
    network.load_state_dict(mapped)
    assert torch.equal(mapped["conv_stem.weight"], next(iter(state.values())))
    assert mapped["classifier.weight"].shape == (1000, 1280)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_encoder_starts_from_the_package(name: Network) -> None:
    needs_package(NAME)
    torch.manual_seed(0)
    network, fresh = NETWORKS[name](NAME), NETWORKS[name](NAME)
    fresh.load_state_dict(network.state_dict())
    load_encoder(network, NAME, "package")
    state = read_state(packaged_file(NAME))
    stem = network.encoder.body.conv_stem.weight  # type: ignore[union-attr]
    assert torch.equal(stem, next(iter(state.values())))
    after, before = network.state_dict(), fresh.state_dict()
    of_encoder = [k for k in after if k.startswith("encoder.") and k.endswith("weight")]
    assert all(not torch.equal(after[k], before[k]) for k in of_encoder)
    assert all(torch.equal(after[k], before[k]) for k in after if k.startswith("decoder."))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_local_file_in_half_precision_is_loaded_as_float32(tmp_path: Path, suffix: str) -> None:
    torch.manual_seed(0)
    whole = timm.create_model(NAME, pretrained=False).half()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": whole.state_dict()}, path)
    else:
        save_file(whole.state_dict(), path)
    network = AttentionUNet(NAME)
    load_encoder(network, NAME, str(path))
    assert isinstance(network.encoder, TimmEncoder)
    stem = network.encoder.body.conv_stem.weight
    assert stem.dtype == torch.float32
    assert torch.equal(stem, whole.conv_stem.weight.float())


@pytest.mark.parametrize("renamed", [False, True])
def test_an_ill_fitting_file_names_the_tensor(tmp_path: Path, renamed: bool) -> None:
    state = timm.create_model(NAME, num_classes=7).state_dict()
    if renamed:
        state = {f"my.{key}": value for key, value in state.items()}
    torch.save(state, tmp_path / "seven.pth")
    with pytest.raises(UsageError, match=r"seven\.pth: tensor .*classifier\.weight \(7, 1280\)"):
        load_encoder(AttentionUNet(NAME), NAME, str(tmp_path / "seven.pth"))


def test_a_file_of_another_network_counts_its_tensors(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(UsageError, match=r"other\.pth has 1 tensors, \d+ are needed"):
        load_encoder(AttentionUNet(NAME), NAME, str(tmp_path / "other.pth"))


def test_what_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("no weights")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save(timm.create_model("test_efficientnet"), tmp_path / "module.pth")
    for name in ("text.pth", "list.pth", "module.pth", "missing.pth"):
        with pytest.raises(UsageError, match=name.replace(".", r"\.")):
            read_state(tmp_path / name)


def test_names_without_weights_are_refused() -> None:
    with pytest.raises(UsageError, match="no installed package brings weights for 'resnet18'"):
        packaged_file("resnet18")
    with pytest.raises(UsageError, match="'plain' has no pretrained weights"):
        load_encoder(AttentionUNet("plain", 1, [2, 2]), "plain", "package")
