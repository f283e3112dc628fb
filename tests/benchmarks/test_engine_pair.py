"""The networks that others would run, in the engine: the same networks, and sized as theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import yaml

from lungseg.checkpoint import load_weights
from lungseg.io import find_inputs, read_slices
from pipelines.two_stage import TwoStagePipeline

pytest.importorskip("openvino")


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("engine_pair")


def test_the_engine_runs_the_networks_of_the_pair_at_their_sizes(
    script: ModuleType, tmp_path: Path
) -> None:
    script.write_pair("ResNet-18 U-Net", tmp_path, steps=1, phantoms=script.BATCH)
    pipeline = TwoStagePipeline.from_checkpoints(tmp_path, backend="openvino")
    assert (pipeline.segmenter.size, pipeline.classifier.size) == (256, 224)
    network = script.ResNet18UNet().eval()
    load_weights(network, pipeline.segmenter.checkpoint)
    picture = np.random.default_rng(0).random((1, 3, 256, 256), np.float32)
    with torch.inference_mode():
        whole = network.whole(torch.from_numpy(picture))
    np.testing.assert_allclose(pipeline.segmenter.compiled(picture)[0], whole, atol=1e-3)


def test_the_network_of_the_paper_is_that_of_its_recipe(
    script: ModuleType, repository: Path
) -> None:
    recipe = yaml.safe_load((repository / "configs/seg/attention_unet.yaml").read_text())
    assert {key: recipe["model"][key] for key in script.PAPER} == script.PAPER


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ResNet-18 U-Net", "the paper's Attention U-Net"])
def test_what_is_trained_finds_the_lungs_of_the_samples(
    script: ModuleType, repository: Path, tmp_path: Path, name: str
) -> None:
    script.write_pair(name, tmp_path)
    files = find_inputs(repository / "samples").files
    slices = [one for file in files for one in read_slices(file)]
    statuses = [
        [one.status for one in TwoStagePipeline.from_checkpoints(weights).predict(slices)]
        for weights in (tmp_path, None)
    ]
    assert statuses[0].count("ok") >= statuses[1].count("ok") - 1
