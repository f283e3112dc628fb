"""Backends in use: what they say of slices differs from torch float32 by little or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lungseg.backends import BACKENDS
from lungseg.checkpoint import defaults, shipped_directory
from lungseg.io import find_inputs, read_slices
from lungseg.metrics import dice
from lungseg.slice import Slice
from pipelines import Prediction, TwoStagePipeline

LARGEST_DIFFERENCE = 0.01  # of a probability
LEAST_DICE = 0.995  # of a mask
EXACT = [name for name in BACKENDS if name not in ("torch", "openvino-bf16")]


@pytest.fixture(scope="module")
def slices(repository: Path) -> list[Slice]:
    """A third of the samples, of each file its middle."""
    files = find_inputs(repository / "samples").files
    read = [list(read_slices(file)) for file in files]
    return [found[len(found) // 2] for found in read]


@pytest.fixture(scope="module")
def of_torch(slices: list[Slice]) -> list[Prediction]:
    return TwoStagePipeline.from_checkpoints(device="cpu", backend="torch").predict(slices)


def test_every_shipped_network_has_a_small_graph() -> None:
    folder = shipped_directory()
    assert {file.stem for file in folder.glob("*.onnx")} == {
        file.stem for file in folder.glob("*.safetensors")
    }
    assert all(file.stat().st_size < 300_000 for file in folder.glob("*.onnx"))


@pytest.mark.parametrize("backend", EXACT)
def test_the_shipped_networks_say_what_they_say_in_torch(
    slices: list[Slice], of_torch: list[Prediction], backend: str
) -> None:
    if missing := BACKENDS[backend].missing():
        pytest.skip(missing)
    pipeline = TwoStagePipeline.from_checkpoints(device="cpu", backend=backend)
    assert {said.split()[0] for said in pipeline.backend.values()} == {backend}
    assert {pipeline.segmenter.name, pipeline.classifier.name} == {
        defaults(shipped_directory())["segmenter"],
        defaults(shipped_directory())["classifier"]["crop"],
    }
    for found, expected in zip(pipeline.predict(slices), of_torch, strict=True):
        assert found.status == expected.status
        assert found.mask is not None and expected.mask is not None
        if expected.mask.any():
            assert dice(found.mask, expected.mask) >= LEAST_DICE
        if expected.probability is not None:
            assert found.probability == pytest.approx(expected.probability, abs=LARGEST_DIFFERENCE)


def test_bfloat16_moves_masks_by_little_and_is_said(
    slices: list[Slice], of_torch: list[Prediction]
) -> None:
    pytest.importorskip("openvino")
    pipeline = TwoStagePipeline.from_checkpoints(device="cpu", backend="openvino-bf16")
    assert len(set(pipeline.backend.values())) == 1
    for found, expected in zip(pipeline.predict(slices), of_torch, strict=True):
        assert found.mask is not None and expected.mask is not None
        assert not expected.mask.any() or dice(found.mask, expected.mask) >= LEAST_DICE


def test_auto_runs_the_shipped_networks_without_torch_on_a_cpu() -> None:
    pytest.importorskip("openvino")
    backend = TwoStagePipeline.from_checkpoints(device="cpu").backend
    assert set(backend.values()) == {"openvino float32"}
