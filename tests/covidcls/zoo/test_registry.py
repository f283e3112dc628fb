"""Every classifier by name, and starts from files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from efficientnet_pytorch import EfficientNet
from safetensors.torch import save_file

from covidcls.zoo import ARCHITECTURES, architecture, create_classifier
from lungseg.errors import UsageError
from lungseg.networks.attention_unet import AttentionUNet
from lungseg.networks.pretrained import PACKAGES, packaged_file, read_state

LITE = "tf_efficientnet_lite0"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_gives_one_logit(name: str) -> None:
    entry = architecture(name)
    assert 0 <= entry.mean < 1
    assert 0 < entry.std <= 1
    assert entry.input_size >= 224
    network = create_classifier(name).eval()
    with torch.inference_mode():
        logits = network(torch.randn(2, 3, 64, 64))
    assert logits.shape == (2, 1)
    assert logits.isfinite().all()


@pytest.mark.parametrize(
    ("name", "near"),
    [("efficientnet_b4", "efficientnet-b4"), ("tf_efficientnet_lite9", "tf_efficientnet_lite")],
)
def test_an_unknown_name_lists_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"unknown architecture '{name}'; did you mean .*{near}"):
        create_classifier(name)


@pytest.mark.parametrize("name", [LITE, "efficientnet-b4"])
def test_the_dropout_reaches_the_network(name: str) -> None:
    network = create_classifier(name, dropout=0.37)
    if name == LITE:
        assert network.drop_rate == 0.37
    else:
        assert network._dropout.p == 0.37  # type: ignore[union-attr]


def test_lite_starts_from_its_package_with_a_head_of_its_own() -> None:
    if importlib.util.find_spec(PACKAGES[LITE]) is None:
        pytest.skip(f"the extra [pretrained] is not installed ({PACKAGES[LITE]})")
    network = create_classifier(LITE, "package")
    state = read_state(packaged_file(LITE))
    assert torch.equal(network.conv_stem.weight, next(iter(state.values())))  # type: ignore[union-attr]
    assert network.classifier.weight.shape == (1, 1280)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("efficientnet-b4", "no installed package brings weights for efficientnet-b4; use none"),
        (
            "tf_efficientnet_lite4",
            "no installed package brings weights for 'tf_efficientnet_lite4'",
        ),
    ],
)
def test_a_package_that_does_not_exist_is_refused(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        create_classifier(name, "package")


@pytest.mark.parametrize("classes", [1, 1000])
def test_b4_starts_from_a_file_whatever_its_head(tmp_path: Path, classes: int) -> None:
    torch.manual_seed(0)
    given = EfficientNet.from_name("efficientnet-b4", num_classes=classes)
    torch.save(given.state_dict(), tmp_path / "b4.pth")
    network = create_classifier("efficientnet-b4", str(tmp_path / "b4.pth"))
    own, other = network.state_dict(), given.state_dict()
    assert all(torch.equal(own[k], other[k]) for k in own if not k.startswith("_fc"))
    assert own["_fc.weight"].shape == (1, 1792)
    assert torch.equal(own["_fc.weight"], other["_fc.weight"]) == (classes == 1)


@pytest.mark.parametrize(
    ("name", "encoder"), [(LITE, LITE), ("efficientnet-b4", "tf_efficientnet_b4")]
)
def test_the_encoder_of_a_stage_one_is_a_start(tmp_path: Path, name: str, encoder: str) -> None:
    torch.manual_seed(0)
    stage_one = AttentionUNet(encoder, classes=2).eval()
    save_file(stage_one.state_dict(), tmp_path / "segmenter.safetensors")
    network: Any = create_classifier(name, str(tmp_path / "segmenter.safetensors")).eval()
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        seen = stage_one.encoder(pictures)[-1]
        if name == LITE:
            last = network.blocks(network.bn1(network.conv_stem(pictures)))
        else:
            last = network.extract_endpoints(pictures)["reduction_5"]
    torch.testing.assert_close(last, seen)


def test_the_encoder_of_another_stage_one_does_not_fit(tmp_path: Path) -> None:
    save_file(AttentionUNet(LITE).state_dict(), tmp_path / "lite.safetensors")
    with pytest.raises(UsageError, match=r"lite\.safetensors: tensor conv_stem"):
        create_classifier("efficientnet-b4", str(tmp_path / "lite.safetensors"))


def test_b4_names_a_tensor_that_does_not_fit(tmp_path: Path) -> None:
    state = EfficientNet.from_name("efficientnet-b0").state_dict()
    torch.save(state, tmp_path / "b0.pth")
    with pytest.raises(
        UsageError, match=r"b0\.pth is no state dict of efficientnet-b4: .*first: _"
    ):
        create_classifier("efficientnet-b4", str(tmp_path / "b0.pth"))


def test_lite_names_a_tensor_that_does_not_fit(tmp_path: Path) -> None:
    torch.save(timm.create_model(LITE, num_classes=5).state_dict(), tmp_path / "five.pth")
    with pytest.raises(UsageError, match=r"five\.pth: tensor classifier\.weight \(5, 1280\)"):
        create_classifier(LITE, str(tmp_path / "five.pth"))


@pytest.mark.parametrize("name", [LITE, "efficientnet-b4"])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file of weights .*gone\.pth"):
        create_classifier(name, str(tmp_path / "gone.pth"))
