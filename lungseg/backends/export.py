"""From a network with its weights on disk to the graph beside them."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from lungseg.backends.graph import PICTURES, WEIGHTS_SHA256
from lungseg.backends.recipe import Recipe
from lungseg.checkpoint import Checkpoint, load_weights
from lungseg.errors import CheckpointError
from lungseg.whole_file import write_whole

OPSET = 17
TYPES = {"F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT}
EXAMPLE_SIDE = 64  # where it is open; the networks of stage 1 want multiples of 32


def write_graph(recipe: Recipe, checkpoint: Checkpoint, side: int | None = None) -> Path:
    """Write ``NAME.onnx`` beside the weights of ``checkpoint``; its path.

    The graph holds no weights: its tensors are places in ``NAME.safetensors``, those in half
    precision with a cast behind them that runtimes compute once. ``network``: gives ``outputs``,
    and names its tensors as the checkpoint does, behind ``prefix``. Raises CheckpointError for a
    checkpoint that is not on disk or lacks a tensor.
    """
    if checkpoint.path is None:
        raise CheckpointError(f"{checkpoint.name} is not on disk; save it before its graph")
    network = recipe.build()
    load_weights(network, checkpoint)
    model = _traced(_Whole(network, recipe), recipe.outputs, side)
    stored = _places(checkpoint.path)
    casts = []
    for tensor in model.graph.initializer:
        key = tensor.name.removeprefix("network.")  # of _Whole
        if stored[key]["dtype"] == "F16":
            name = tensor.name
            tensor.name = f"{name}.half"
            casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
        _point(tensor, checkpoint.path.name, stored[key])
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _shorten_names(model.graph)
    helper.set_model_props(model, {WEIGHTS_SHA256: checkpoint.sha256})
    path = checkpoint.path.with_suffix(".onnx")
    write_whole(path, model.SerializeToString())
    return path


class _Whole(nn.Module):
    """What the recipe computes, as the module that the exporter wants."""

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        super().__init__()
        self.network = network
        self._forward = recipe.forward

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        return tuple(self._forward(self.network, pictures))


def _traced(network: nn.Module, outputs: Sequence[str], side: int | None) -> onnx.ModelProto:
    """The network as ONNX with all its tensors, for any batch."""
    sides = {2: "height", 3: "width"} if side is None else {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        file = Path(folder) / "graph.onnx"
        # The tracing exporter is called deprecated. Its successor takes minutes for a network of
        # stage 1, and leaves sizes open only where it can prove them.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.zeros(1, 3, side or EXAMPLE_SIDE, side or EXAMPLE_SIDE),),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=[PICTURES],
            output_names=list(outputs),
            dynamic_axes={
                PICTURES: {0: "batch", **sides},
                **{name: {0: "batch"} for name in outputs},
            },
            training=torch.onnx.TrainingMode.PRESERVE,  # else it folds tensors into new ones
            do_constant_folding=False,
        )
        return onnx.load(file)


def _shorten_names(graph: onnx.GraphProto) -> None:
    """Numbers for the names that nobody looks up: they are more than half of the file."""
    kept = {one.name for one in (*graph.initializer, *graph.input, *graph.output)}
    numbers: dict[str, str] = {name: name for name in ("", *kept)}  # "": an input left out
    for node in graph.node:
        node.ClearField("name")
        for values in (node.input, node.output):
            for place, name in enumerate(values):
                values[place] = numbers.setdefault(name, str(len(numbers)))


def _places(weights: Path) -> dict[str, Any]:
    """``dtype``, ``shape`` and ``offset``, ``length`` in bytes of each tensor in a safetensors
    file: eight bytes with the length of a JSON header, the header, the data."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    for place in header.values():
        begin, end = place.pop("data_offsets")
        place |= {"offset": 8 + length + begin, "length": end - begin}
    return dict(header)


def _point(tensor: TensorProto, file: str, place: dict[str, Any]) -> None:
    """Make ``tensor`` the one at ``place`` in ``file``."""
    if list(tensor.dims) != place["shape"] or place["dtype"] not in TYPES:
        raise CheckpointError(
            f"{file} has {tensor.name} as {place['dtype']} {place['shape']}, the network needs "
            f"{list(tensor.dims)} in half or single precision"
        )
    tensor.ClearField("raw_data")
    tensor.data_type = TYPES[place["dtype"]]
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", file), *((k, place[k]) for k in ("offset", "length"))):
        tensor.external_data.add(key=key, value=str(value))
