"""Weights and cards: the round trip, and everything that is refused with its reason."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from torch import nn

from lungseg.checkpoint import (
    defaults,
    load_checkpoint,
    load_weights,
    resolve,
    save_checkpoint,
    write_whole,
)
from lungseg.errors import CheckpointError

CARD = {"kind": "segmenter", "input_size": 64}


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


@pytest.fixture
def saved(tmp_path: Path, network: nn.Module) -> Path:
    return save_checkpoint(tmp_path, "net", network.state_dict(), CARD)


def rewrite(path: Path, content: bytes) -> None:
    """Other bytes under the same name, with a card that has their hash."""
    import hashlib

    path.write_bytes(content)
    card = json.loads(path.with_suffix(".json").read_text())
    card["sha256"] = hashlib.sha256(content).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(card))


def test_half_precision_on_disk_comes_back_as_float32(saved: Path, network: nn.Module) -> None:
    loaded = load_checkpoint(saved, "segmenter")
    assert loaded.name == "net"
    assert loaded.card["precision"] == "float16"
    assert loaded.card["input_size"] == 64
    for key, value in network.state_dict().items():
        stored = torch.as_tensor(loaded.tensors[key])
        assert stored.dtype == value.dtype
        rounded = value.is_floating_point() and value.dim() > 1  # batch statistics stay exact
        assert torch.equal(stored, value.half().float() if rounded else value)
    assert saved.stat().st_size < 2 * 4 * 27 + 2000


def test_full_precision_is_exact(tmp_path: Path, network: nn.Module) -> None:
    path = save_checkpoint(tmp_path, "net", network.state_dict(), CARD, half=False)
    loaded = load_checkpoint(path, "segmenter")
    assert loaded.card["precision"] == "float32"
    assert loaded.path == path
    for key, value in network.state_dict().items():
        assert torch.equal(torch.as_tensor(loaded.tensors[key]), value)


def test_saving_leaves_two_whole_files_and_nothing_else(saved: Path) -> None:
    assert sorted(p.name for p in saved.parent.iterdir()) == ["net.json", "net.safetensors"]


def test_new_weights_take_the_graph_of_the_old_ones_away(saved: Path, network: nn.Module) -> None:
    graphs = [saved.with_name("net.onnx"), saved.with_name("other.onnx")]
    for graph in graphs:
        graph.touch()
    save_checkpoint(saved.parent, "net", network.state_dict(), CARD)
    assert [graph.exists() for graph in graphs] == [False, True]


def test_weights_and_card_that_do_not_belong_together_are_both_named(
    tmp_path: Path, saved: Path, network: nn.Module
) -> None:
    nn.init.zeros_(network[0].weight)  # type: ignore[index]
    other = save_checkpoint(tmp_path / "other", "net", network.state_dict(), CARD)
    saved.write_bytes(other.read_bytes())
    with pytest.raises(CheckpointError, match=r"net\.safetensors and their card net\.json do not"):
        load_checkpoint(saved, "segmenter")


class Bomb:
    """A pickle that leaves a trace when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (_touch, (str(self.trace),))


def _touch(path: str) -> None:
    Path(path).touch()


@pytest.mark.parametrize("how", ["pickle", "torch", "legacy"])
@pytest.mark.parametrize("name", ["net.safetensors", "net.pth", "net.ckpt", "net.pkl"])
def test_a_pickle_is_refused_under_any_name_and_never_run(
    tmp_path: Path, saved: Path, how: str, name: str
) -> None:
    trace = tmp_path / "was-run"
    path = tmp_path / name
    if how == "pickle":
        content = pickle.dumps(Bomb(trace))
        path.write_bytes(content)
    else:
        torch.save(Bomb(trace), path, _use_new_zipfile_serialization=how == "torch")
    rewrite(saved, path.read_bytes())
    path.with_suffix(".json").write_text(saved.with_suffix(".json").read_text())
    with pytest.raises(CheckpointError, match="pickle"):
        load_checkpoint(path, "segmenter")
    assert not trace.exists()


def test_a_header_whose_length_begins_as_a_pickle_does_is_none(tmp_path: Path) -> None:
    """One header in 32, whose length is filled up to a multiple of 8, has such a length."""
    lengths = set()
    for n in range(1, 257, 8):
        tensors = {"t" * n: torch.zeros(1)}
        path = save_checkpoint(tmp_path, "one", tensors, {"kind": "segmenter"})
        lengths.add(path.read_bytes()[0])
        assert load_checkpoint(path, "segmenter").tensors.keys() == tensors.keys()
    assert 0x80 in lengths


def test_another_kind_is_refused(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="is a 'segmenter' by its card, but a 'classifier'"):
        load_checkpoint(saved, "classifier")


@pytest.mark.parametrize("length", [0, 4, 9, 200, -1])
def test_a_cut_off_file_is_refused(saved: Path, length: int) -> None:
    content = saved.read_bytes()[:length]
    saved.write_bytes(content)
    with pytest.raises(CheckpointError, match="do not belong together"):
        load_checkpoint(saved, "segmenter")
    rewrite(saved, content)
    with pytest.raises(CheckpointError, match=r"net\.safetensors is damaged"):
        load_checkpoint(saved, "segmenter")


def test_weights_that_are_not_finite_are_refused_on_both_ways(
    tmp_path: Path, saved: Path, network: nn.Module
) -> None:
    tensors = network.state_dict()
    tensors["0.bias"][1] = torch.nan
    with pytest.raises(CheckpointError, match=r"1 tensors of bad are not finite \(first: 0.bias"):
        save_checkpoint(tmp_path, "bad", tensors, CARD)
    assert not list(tmp_path.glob("bad*"))
    rewrite(saved, save(tensors))
    with pytest.raises(CheckpointError, match=r"not finite \(first: 0.bias"):
        load_checkpoint(saved, "segmenter")


def test_weights_too_large_for_half_precision_are_refused(
    tmp_path: Path, network: nn.Module
) -> None:
    tensors = network.state_dict()
    tensors["0.weight"][1] = 1e6
    with pytest.raises(CheckpointError, match="half precision"):
        save_checkpoint(tmp_path, "bad", tensors, CARD)
    save_checkpoint(tmp_path, "good", tensors, CARD, half=False)


@pytest.mark.parametrize("text", ["", "{", "[1]", '"card"', "\xff"])
def test_a_damaged_card_is_named(saved: Path, text: str) -> None:
    saved.with_suffix(".json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CheckpointError, match=r"net\.json"):
        load_checkpoint(saved, "segmenter")


def test_a_card_or_weights_alone_are_not_enough(saved: Path) -> None:
    card = saved.with_suffix(".json")
    text = card.read_text()
    card.unlink()
    with pytest.raises(CheckpointError, match=r"there is no file .*net\.json"):
        load_checkpoint(saved, "segmenter")
    card.write_text(text)
    saved.unlink()
    with pytest.raises(CheckpointError, match=r"cannot read the weights .*net\.safetensors"):
        load_checkpoint(saved, "segmenter")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5)), r"0.bias \(4,\) instead of \(5,\)"),
        (nn.Sequential(nn.Conv2d(3, 4, 3)), "unknown 1.bias"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.PReLU()), "missing 2.weight"),
    ],
)
def test_an_architecture_that_does_not_fit_names_a_tensor(
    saved: Path, other: nn.Module, words: str
) -> None:
    with pytest.raises(CheckpointError, match=f"weights net do not fit.*{words}"):
        load_weights(other, load_checkpoint(saved, "segmenter"))


def test_weights_that_fit_are_put_in(saved: Path, network: nn.Module) -> None:
    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    load_weights(other, load_checkpoint(saved, "segmenter"))
    assert torch.allclose(other[0].weight, network[0].weight, atol=1e-3)  # type: ignore[index, arg-type]


def test_an_unknown_name_lists_the_nearest(tmp_path: Path, network: nn.Module) -> None:
    for name in ("attention-unet", "attention-unet-lite0", "zebra"):
        save_checkpoint(tmp_path, name, network.state_dict(), CARD)
    with pytest.raises(CheckpointError, match="known there are: ") as caught:
        resolve("atention-unet", tmp_path, "segmenter")
    assert "attention-unet-lite0" in str(caught.value)
    assert "zebra" not in str(caught.value)


def test_names_paths_and_defaults(tmp_path: Path, network: nn.Module) -> None:
    named = save_checkpoint(tmp_path, "net-1.5", network.state_dict(), CARD)
    assert resolve("net-1.5", tmp_path, "segmenter") == named
    assert resolve(str(named), None, "segmenter") == named
    (tmp_path / "defaults.json").write_text(
        '{"segmenter": "net-1.5", "classifier": {"full": "net-1.5"}}'
    )
    assert resolve(None, tmp_path, "segmenter") == named
    assert resolve(None, tmp_path, "classifier", "full") == named
    with pytest.raises(CheckpointError, match="no classifier for region 'crop'; it has full"):
        resolve(None, tmp_path, "classifier", "crop")
    with pytest.raises(CheckpointError, match="no folder of weights"):
        resolve("net", tmp_path / "missing", "segmenter")


@pytest.mark.parametrize("text", ["{}", '{"segmenter": "a"}', '{"segmenter": 1, "classifier": {}}'])
def test_defaults_that_name_nothing_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "defaults.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"defaults\.json names no segmenter"):
        defaults(tmp_path)


def test_a_file_is_there_whole_or_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "net.json"
    write_whole(file, b"old")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")  # a full disk cannot be had in a test

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
