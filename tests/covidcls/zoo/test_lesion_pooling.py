"""Pooling by lesion of what stage 1 sees, and the look beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from covidcls.classifier import CovidClassifier
from covidcls.explanation.grad_cam import grad_cam
from covidcls.training import CovidModule
from covidcls.zoo import create_classifier, logit_and_evidence
from covidcls.zoo.lesion_pooling_network import LOOK_SHARE, PENALTY, at_maximum, by_lesion
from lungseg.backends import BACKENDS
from lungseg.checkpoint import load_checkpoint, resolve, save_checkpoint
from lungseg.errors import CheckpointError, UsageError
from lungseg.networks import AttentionUNet

NAMES = ("lesion_pooling", "lesion_and_look")


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
    lesion = torch.zeros(1, 1, 4, 4)
    lesion[..., 0, 1], lesion[..., 2, 2] = 0.9, 0.3
    pooled = (features * by_lesion(lesion)).mean((2, 3))
    expected = (0.9 * features[..., 0, 1] + 0.3 * features[..., 2, 2]) / 1.2
    torch.testing.assert_close(pooled, expected, rtol=1e-3, atol=1e-5)
    assert not by_lesion(0 * lesion).any()


def test_the_maximum_is_that_of_the_lungs_and_zero_without() -> None:
    features = torch.rand(2, 5, 4, 4)
    lungs = torch.zeros(2, 1, 4, 4)
    lungs[0, :, 1:3, 1:3] = 1
    pooled = (features * at_maximum(features, lungs)).mean((2, 3))
    torch.testing.assert_close(pooled[0], features[0, :, 1:3, 1:3].amax((1, 2)))
    assert not pooled[1].any()


def test_what_lies_outside_the_lungs_is_only_looked_at() -> None:
    features = trained("lesion_and_look").forward_features(pictures()).mean((2, 3))
    empty = pictures()
    empty[:, 1] = 0
    without = trained("lesion_and_look").forward_features(empty).mean((2, 3))
    network = trained("lesion_and_look")
    of_look = network.widths[-1]
    torch.testing.assert_close(features[:, -of_look:], without[:, -of_look:])
    assert torch.equal(without[0, :-of_look], without[1, :-of_look])
    assert not torch.equal(features[0, :-of_look], features[1, :-of_look])


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
    found = network(pictures(6))
    torch.testing.assert_close(network.eval()(pictures(6)), found)


@pytest.mark.parametrize("name", NAMES)
def test_each_branch_learns_as_if_it_were_alone(name: str) -> None:
    network = trained(name).eval()
    target = torch.tensor([0.0, 1.0])

    def of(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        found.append(logits)
        return functional.binary_cross_entropy_with_logits(logits, target)

    found: list[torch.Tensor] = []
    network.loss(pictures(), target, of).backward()
    shares = [1.0, 1.0, 1.0, LOOK_SHARE][: len(found)]
    whole = sum(share * one for share, one in zip(shares, found, strict=True))
    torch.testing.assert_close(whole, network(pictures())[:, 0], rtol=1e-3, atol=1e-3)
    before = network.classifier.weight.grad.split(network.widths, dim=1)[1].clone()
    network.zero_grad()
    with torch.no_grad():  # another branch that knows it all already
        network.biases[0] += 30
    network.loss(pictures(), target, of).backward()
    after = network.classifier.weight.grad.split(network.widths, dim=1)[1]
    torch.testing.assert_close(after, before)


def test_it_begins_where_its_loss_is_least() -> None:
    network: Any = create_classifier("lesion_pooling")
    network.train()
    seen, labels = pictures(12), torch.tensor([0.0, 1.0] * 6)
    seen[1::2, 1:, 16:32, 32:48] = 1  # more of the lung is lesion
    network.begin([(seen[:6], labels[:6]), (seen[6:], labels[6:])])
    assert network.standardise.num_batches_tracked == 2
    network.eval()  # what goes in stays as it is
    loss = network.loss(seen, labels, functional.binary_cross_entropy_with_logits)
    loss.backward()
    for learnt in (network.classifier.weight, network.biases):
        assert float(learnt.grad.abs().max()) < 1e-3
    kept = network.classifier.weight.clone()
    network.begin([(seen, 1 - labels)])  # of a training that goes on
    assert torch.equal(network.classifier.weight, kept)


def test_the_weights_on_lesions_are_kept_small() -> None:
    network, target = trained("lesion_pooling"), torch.tensor([0.0, 1.0])
    weights = network.classifier.weight.detach().split(network.widths, dim=1)
    size = sum(float(one.square().sum()) for one in weights)
    nothing = network.loss(pictures(), target, lambda logits, target: 0 * logits.sum())
    assert float(nothing.detach()) == pytest.approx(PENALTY * size / 3, rel=1e-4)


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


def test_it_starts_from_stage_one(stage_one: tuple[Path, AttentionUNet]) -> None:
    path, whole = stage_one
    network: Any = create_classifier("lesion_pooling", str(path))
    expected = whole.eval().state_dict()
    found = network.stage_one.state_dict()
    assert all(torch.equal(found[key], value) for key, value in expected.items())


def test_another_stage_one_is_refused(tiny_weights: Path) -> None:
    with pytest.raises(UsageError, match="stage 1 dark is not one .*first: encoder.body"):
        create_classifier("lesion_pooling", str(tiny_weights / "dark.safetensors"))
    with pytest.raises(CheckpointError, match="no weights .*package.safetensors"):
        create_classifier("lesion_pooling", "package")


def test_the_shipped_stage_one_fits() -> None:
    shipped = load_checkpoint(resolve(None, None, "segmenter"), "segmenter").tensors
    for name, start in (("lesion_pooling", "segmenter"), ("lesion_and_look", "package")):
        network: Any = create_classifier(name, start)
        bias = network.stage_one.masks.bias
        np.testing.assert_allclose(bias.detach().numpy(), shipped["masks.bias"], rtol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_stage_one_stays_as_it_is(name: str) -> None:
    module = CovidModule(name, dropout=0.0)
    module.log = lambda *_, **__: None  # type: ignore[method-assign]  # no trainer here
    before = {key: value.clone() for key, value in module.network.state_dict().items()}
    module.train()
    optimiser: Any = module.configure_optimizers()
    batch: Any = {"picture": pictures(4), "label": torch.tensor([0.0, 1.0, 1.0, 1.0])}
    module.training_step(batch, 0).backward()
    optimiser.step()
    after = module.network.state_dict()
    changed = {key for key, value in after.items() if not torch.equal(value, before[key])}
    assert not any(key.startswith("stage_one") for key in changed)
    assert {"classifier.weight", "biases", "standardise.running_mean"} <= changed
    assert any(key.startswith("look") for key in changed) == (name == "lesion_and_look")
