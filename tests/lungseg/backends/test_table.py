"""Which backend is taken, and what is said where none can be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lungseg.backends import BACKENDS, choose_backend, table
from lungseg.backends.gpu import gpu_for_torch
from lungseg.checkpoint import Checkpoint
from lungseg.errors import UsageError


@pytest.fixture
def with_graph(tmp_path: Path) -> Checkpoint:
    (tmp_path / "net.onnx").touch()
    return Checkpoint("net", {}, {}, "", tmp_path / "net.safetensors")


def only(monkeypatch: pytest.MonkeyPatch, *installed: str) -> None:
    """As on a machine that has these backends; the others need a module that does not exist."""
    for name, backend in BACKENDS.items():
        needs = "json" if name in installed else "no_such_module"
        monkeypatch.setitem(BACKENDS, name, replace(backend, needs=needs))
    monkeypatch.setattr(table, "gpu_for_torch", lambda: False)


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        (("openvino", "onnxruntime", "torch"), "openvino"),
        (("onnxruntime", "torch"), "onnxruntime"),
        (("torch",), "torch"),
    ],
)
def test_auto_takes_the_fastest_that_is_installed(
    monkeypatch: pytest.MonkeyPatch,
    with_graph: Checkpoint,
    installed: tuple[str, ...],
    expected: str,
) -> None:
    only(monkeypatch, *installed)
    assert choose_backend("auto", "auto", with_graph) == expected
    assert choose_backend("auto", "cpu") == expected


def test_auto_takes_torch_on_a_gpu_and_for_weights_without_a_graph(
    monkeypatch: pytest.MonkeyPatch, with_graph: Checkpoint, tmp_path: Path
) -> None:
    only(monkeypatch, *BACKENDS)
    assert choose_backend("auto", "cuda", with_graph) == "torch"
    graphless = replace(with_graph, path=tmp_path / "other.safetensors")
    assert choose_backend("auto", "cpu", graphless) == "torch"
    assert choose_backend("auto", "cpu", replace(with_graph, path=None)) == "torch"
    monkeypatch.setattr(table, "gpu_for_torch", lambda: True)
    assert choose_backend("auto", "auto", with_graph) == "torch"
    assert choose_backend("auto", "cpu", with_graph) == "openvino"


def test_a_gpu_is_for_torch_only_where_torch_sees_it() -> None:
    import torch

    assert gpu_for_torch() == torch.cuda.is_available()


@pytest.mark.parametrize(
    ("name", "device", "words"),
    [
        ("auto", "mps", "unknown device 'mps'; use auto, cpu or cuda"),
        ("opnvino", "auto", r"unknown backend 'opnvino'; did you mean openvino\?"),
        ("tensorrt-x", "auto", "use auto, openvino, openvino-bf16, onnxruntime, torch"),
        ("onnxruntime", "cpu", "onnxruntime cannot.*python -m pip install onnxruntime"),
        ("torch", "cpu", r"torch cannot.*pip install 'lungseg-covid\[train\]'"),
        ("openvino", "cuda", "it runs on cpu, not on cuda"),
        ("auto", "cuda", "no backend can run.*openvino: it runs on cpu.*torch: .*not installed"),
    ],
)
def test_a_backend_that_cannot_be_used_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, name: str, device: str, words: str
) -> None:
    only(monkeypatch, "openvino")
    with pytest.raises(UsageError, match=words):
        choose_backend(name, device)


def test_weights_without_a_graph_say_how_to_make_it(
    monkeypatch: pytest.MonkeyPatch, with_graph: Checkpoint, tmp_path: Path
) -> None:
    only(monkeypatch, "openvino")
    graphless = replace(with_graph, path=tmp_path / "other.safetensors")
    for name in ("auto", "openvino"):
        with pytest.raises(UsageError, match=r"no graph net\.onnx.*pipelines\.export"):
            choose_backend(name, "cpu", graphless)
