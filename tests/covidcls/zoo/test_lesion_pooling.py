"""Pooling by lesion of what stage 1 sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from covidcls.classifier import CovidClassifier
from covidcls.explanation.grad_cam import grad_cam
from covidcls.training import CovidModule
from covidcls.zoo import create_classifier, logit_and_evidence
from covidcls.zoo.lesion_pooling_network import at_maximum, by_lesion
from lungseg.backends import BACKENDS
from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.errors import CheckpointError, UsageError
from lungseg.networks import AttentionUNet

NAMES = ("lesion_pooling", "lesion_pooling_max")


def pictures(n: int = 2) -> torch.Tensor:
    """N x 3 x 64 x 64: a lung in the middle, with a lesion in its upper left."""
    found = torch.rand(n, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found[:, 1:] = 0
    found[:, 1, 16:48, 16:48] = 1
    found[:, 2, 16:32, 16:32] = 0.8
    return found


def trained(name: str) -> Any:
    """A network of random weights, head included, that has seen a batch."""
    torch.manual_seed(0)
    network = create_classifier(name)
    torch.nn.init.normal_(network.classifier.weight)  # type: ignore[arg-type, union-attr]
    network(pictures(6))
    return network.eval()


@pytest.fixture(scope="module")
def stage_one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AttentionUNet]:
    torch.manual_seed(1)
    network = AttentionUNet("tf_efficientnet_lite0", 2)
    folder = tmp_path_factory.mktemp("stage-one")
    card = {"kind": "segmenter", "architecture": {"encoder": "tf_efficientnet_lite0", "classes": 2}}
    return save_checkpoint(folder, "net", network.state_dict(), card, half=False), network


def test_the_mean_is_over_lesions_and_zero_without() -> None:
    features = torch.rand(1, 5, 4, 4)
    lungs, lesion = torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    lesion[..., 0, 1], lesion[..., 2, 2] = 0.9, 0.3
    pooled = (features * by_lesion(features, lungs, lesion)).mean((2, 3))
    expected = (0.9 * features[..., 0, 1] + 0.3 * features[..., 2, 2]) / 1.2
    torch.testing.assert_close(pooled, expected, rtol=1e-3, atol=1e-5)
    assert not by_lesion(features, lungs, 0 * lesion).any()


def test_the_maximum_is_that_of_the_lungs_and_zero_without() -> None:
    features = torch.rand(2, 5, 4, 4)
    lungs = torch.zeros(2, 1, 4, 4)
    lungs[0, :, 1:3, 1:3] = 1
    pooled = (features * at_maximum(features, lungs, 0 * lungs)).mean((2, 3))
    torch.testing.assert_close(pooled[0], features[0, :, 1:3, 1:3].amax((1, 2)))
    assert not pooled[1].any()


@pytest.mark.parametrize("name", NAMES)
def test_the_logit_is_the_mean_of_its_evidence(name: str) -> None:
    network = trained(name)
    with torch.no_grad():
        logit, evidence = logit_and_evidence(network, pictures())
        torch.testing.assert_close(logit, network(pictures())[:, 0], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(evidence.mean((1, 2)), logit, rtol=1e-3, atol=1e-3)
    maps, logits = grad_cam(network, pictures())
    torch.testing.assert_close(logits, logit, rtol=1e-3, atol=1e-3)
    assert maps.shape == evidence.shape


def test_training_standardises_as_use_does() -> None:
    network = trained("lesion_pooling").train()
    network.dropout.eval()
    network.trunk.eval()
    found = network(pictures(6))
    torch.testing.assert_close(network.eval()(pictures(6)), found)


@pytest.mark.parametrize("name", NAMES)
def test_its_graph_says_what_torch_says(name: str, tmp_path: Path) -> None:
    if missing := BACKENDS["openvino"].missing():
        pytest.skip(missing)
    from lungseg.backends.export import write_graph

    card = {
        "kind": "classifier",
        "architecture": name,
        "region": "crop",
        "margin": -15,
        "channels": "lesion",
        "input_size": 64,
        "temperature": 1.0,
        "threshold": 0.5,
    }
    path = save_checkpoint(tmp_path, "net", trained(name).state_dict(), card)
    checkpoint = load_checkpoint(path, "classifier")
    of_torch = CovidClassifier(checkpoint, "cpu", "torch")
    write_graph(of_torch.recipe, checkpoint, 64)
    views = list(np.moveaxis(pictures(3).numpy(), 1, -1))
    expected, where = of_torch.scores(views)
    found, evidence = CovidClassifier(checkpoint, "cpu", "openvino").scores(views)
    np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(evidence, where, rtol=1e-2, atol=1e-2 * np.abs(where).max())


@pytest.mark.parametrize("name", NAMES)
def test_it_starts_from_stage_one(name: str, stage_one: tuple[Path, AttentionUNet]) -> None:
    path, whole = stage_one
    network: Any = create_classifier(name, str(path))
    grey = torch.rand(1, 1, 64, 64).expand(1, 3, 64, 64)
    with torch.no_grad():
        found = network.trunk.eval()(grey)
        levels = whole.eval().encoder(grey)
        expected = levels[3]
        if name == "lesion_pooling_max":
            expected = levels[4]
            for block, skip in zip(list(whole.decoder)[:4], levels[3::-1], strict=True):
                expected = block(expected, skip)
    torch.testing.assert_close(found, expected)


def test_another_stage_one_is_refused(tiny_weights: Path) -> None:
    with pytest.raises(UsageError, match="stage 1 dark is not one .*first: encoder.body"):
        create_classifier("lesion_pooling", str(tiny_weights / "dark.safetensors"))
    with pytest.raises(CheckpointError, match="no weights .*package.safetensors"):
        create_classifier("lesion_pooling", "package")


def test_the_shipped_stage_one_fits() -> None:
    for name in NAMES:
        create_classifier(name, "segmenter")


def test_freezing_trains_the_head_alone(stage_one: tuple[Path, AttentionUNet]) -> None:
    module = CovidModule("lesion_pooling", str(stage_one[0]), dropout=0.0, freeze=True)
    module.log = lambda *_, **__: None  # type: ignore[method-assign]  # no trainer here
    before = {key: value.clone() for key, value in module.network.state_dict().items()}
    module.train()  # as after each validation
    optimiser = module.configure_optimizers()
    batch: Any = {"picture": pictures(4), "label": torch.tensor([0.0, 1.0, 1.0, 1.0])}
    module.training_step(batch, 0).backward()
    optimiser.step()
    after = module.network.state_dict()
    changed = {key for key, value in after.items() if not torch.equal(value, before[key])}
    learnt = ("running_mean", "running_var", "num_batches_tracked")
    assert changed == {
        *(f"standardise.{name}" for name in learnt),
        "classifier.weight",
        "classifier.bias",
    }
