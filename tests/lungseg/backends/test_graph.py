"""Graphs without weights: what they say is what torch says, and only of their own weights."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from covidcls.classifier import CovidClassifier
from covidcls.views.seen import Seen
from lungseg.backends import BACKENDS
from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.errors import CheckpointError
from lungseg.segmenter import LungSegmenter

GRAPH_BACKENDS = [name for name, backend in BACKENDS.items() if backend.graph]


@pytest.fixture(params=GRAPH_BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    if missing := BACKENDS[request.param].missing():
        pytest.skip(missing)
    return str(request.param)


@pytest.mark.parametrize("size", [(5, 32, 32), (1, 96, 64)])
def test_stage_one_says_what_torch_says_at_any_size_and_batch(
    exported: Path, backend: str, size: tuple[int, int, int]
) -> None:
    n, height, width = size
    pictures = np.random.default_rng(0).random((n, 3, height, width)).astype(np.float32)
    of_torch = LungSegmenter.from_checkpoint("dark", exported, "cpu", "torch").compiled(pictures)
    network = LungSegmenter.from_checkpoint("dark", exported, "cpu", backend).compiled
    masks, chest = network(pictures)
    assert (network.backend, network.device) == (backend.removesuffix("-bf16"), "cpu")
    assert (masks.shape, chest.shape) == ((n, 1, height, width), (n,))
    within = 0.2 if network.precision == "bfloat16" else 1e-4  # of logits from -8 to 12
    assert np.abs(masks - of_torch[0]).max() < within
    assert np.abs(chest - of_torch[1]).max() < within


def test_stage_two_says_what_torch_says_and_where(exported: Path, backend: str) -> None:
    chance = np.random.default_rng(0)
    views = [Seen(chance.random((40, 30 + n)).astype(np.float32)) for n in range(5)]
    of_torch = CovidClassifier.from_checkpoint("random-crop", exported, "cpu", "torch")
    found = CovidClassifier.from_checkpoint("random-crop", exported, "cpu", backend)
    assert np.abs(found.predict(views) - of_torch.predict(views)).max() < 0.01
    logits, evidence = found.scores(views)
    assert evidence.shape == (5, 1, 1)  # 32 pixels at stride 32
    spread = np.abs(of_torch.logits(views)).max()
    assert np.abs(evidence.mean((1, 2)) - logits).max() < 0.02 * spread + 1e-5


def test_a_convolution_lies_between_findings_and_transposed_ones(repository: Path) -> None:
    """Else OpenVINO computes the whole decoder in float32, where bfloat16 is asked for."""
    onnx = pytest.importorskip("onnx")
    file = repository / "checkpoints" / "attention-unet-lite0.onnx"
    graph = onnx.load(file, load_external_data=False).graph
    makers = {name: node for node in graph.node for name in node.output}
    met, open_ends = set(), ["findings"]
    while open_ends:
        node = makers.pop(open_ends.pop(), None)
        if node is not None:
            met.add(node.op_type)
            open_ends += [] if node.op_type == "Conv" else node.input
    assert "Conv" in met
    assert "ConvTranspose" not in met


def test_the_graph_has_no_weights(exported: Path) -> None:
    for file in exported.glob("*.safetensors"):
        assert file.with_suffix(".onnx").stat().st_size < 300_000
    assert (exported / "random-crop.safetensors").stat().st_size > 5_000_000


def test_a_batch_changes_nothing_in_openvino(exported: Path) -> None:
    pytest.importorskip("openvino")
    pictures = np.random.default_rng(0).random((5, 3, 32, 32)).astype(np.float32)
    network = LungSegmenter.from_checkpoint("dark", exported, "cpu", "openvino").compiled
    together = network(pictures)[0]
    singly = np.concatenate([network(one[None])[0] for one in pictures])
    assert np.array_equal(together, singly)


def test_a_graph_of_other_weights_is_refused(exported: Path, tmp_path: Path, backend: str) -> None:
    old = load_checkpoint(exported / "dark.safetensors", "segmenter")
    path = save_checkpoint(tmp_path, "dark", {k: v + 1 for k, v in old.tensors.items()}, old.card)
    shutil.copy(exported / "dark.onnx", tmp_path)
    with pytest.raises(CheckpointError, match=r"dark\.onnx was made for other weights.*export"):
        LungSegmenter.from_checkpoint(path, backend=backend, device="cpu")


def test_a_damaged_graph_is_refused(exported: Path, tmp_path: Path, backend: str) -> None:
    for file in exported.glob("dark.*"):
        shutil.copy(file, tmp_path)
    graph = tmp_path / "dark.onnx"
    graph.write_bytes(graph.read_bytes()[:500])
    with pytest.raises(CheckpointError, match=r"cannot run the graph .*dark\.onnx"):
        LungSegmenter.from_checkpoint(tmp_path / "dark.safetensors", None, "cpu", backend)


def test_a_graph_without_an_output_of_today_is_refused(
    exported: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one from before there were findings, of a stage 1 that finds lesions."""
    always = property(lambda _: True, lambda *_: None)
    monkeypatch.setattr(LungSegmenter, "has_findings", always, raising=False)
    with pytest.raises(CheckpointError, match="2 outputs instead of masks, chest, findings; make"):
        LungSegmenter.from_checkpoint("dark", exported, "cpu", backend)


def test_the_network_of_torch_is_there_on_any_backend(exported: Path, backend: str) -> None:
    segmenter = LungSegmenter.from_checkpoint("dark", exported, "cpu", backend)
    assert segmenter.network.state_dict().keys() == segmenter.checkpoint.tensors.keys()


def test_signals_are_survived_when_networks_are_let_go(exported: Path, repository: Path) -> None:
    program = (
        "import signal, subprocess\n"
        "from pathlib import Path\n"
        "from lungseg.segmenter import LungSegmenter\n"
        f"load = lambda: LungSegmenter.from_checkpoint('dark', Path({str(exported)!r}), 'cpu',"
        " 'openvino')\n"
        "first, second = load(), load()\n"
        "del first, second\n"
        "signal.signal(signal.SIGCHLD, lambda *_: print('seen'))\n"
        "subprocess.run(['true'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "seen" in done.stdout
