"""The backends, in the order in which ``auto`` prefers them on a CPU."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from lungseg.backends.compiled import Compiled
from lungseg.backends.gpu import gpu_for_torch
from lungseg.backends.graph import graph_file
from lungseg.backends.recipe import Recipe
from lungseg.checkpoint import Checkpoint
from lungseg.errors import UsageError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Backend:
    """What a backend needs, and what compiles for it.

    ``needs``: the module that must be importable, brought by ``get``, an argument of pip.
    ``compiler``: module and function of ours, ``compiled(checkpoint, recipe, device)``.
    ``devices``: where it runs. ``graph``: it runs ``NAME.onnx`` and needs no recipe. ``auto``:
    whether it is taken without being named.
    """

    needs: str
    get: str
    compiler: str
    devices: tuple[str, ...]
    graph: bool
    auto: bool = True

    def missing(self) -> str:
        """What is not installed and how to get it, or nothing."""
        if find_spec(self.needs) is not None:
            return ""
        return f"{self.needs} is not installed: python -m pip install {self.get}"


BACKENDS: dict[str, Backend] = {
    "openvino": Backend(
        "openvino", "openvino", "lungseg.backends.openvino_backend:compiled", ("cpu",), graph=True
    ),
    "openvino-bf16": Backend(
        "openvino",
        "openvino",
        "lungseg.backends.openvino_backend:compiled_bfloat16",
        ("cpu",),
        graph=True,
        auto=False,
    ),
    "onnxruntime": Backend(
        "onnxruntime",
        "onnxruntime",
        "lungseg.backends.onnxruntime_backend:compiled",
        ("cpu",),
        graph=True,
    ),
    "torch": Backend(
        "torch",
        "'lungseg-covid[train]'",
        "lungseg.backends.torch_backend:compiled",
        ("cpu", "cuda"),
        graph=False,
    ),
}


def choose_backend(
    name: str = "auto", device: str = "auto", checkpoint: Checkpoint | None = None
) -> str:
    """The key of :data:`BACKENDS` that runs ``checkpoint`` (None: any) on ``device``.

    ``auto`` is torch on a GPU, else the first of the table that is installed and for which the
    checkpoint has its graph. ``device``: ``auto``, ``cpu`` or ``cuda``. Raises UsageError for a
    ``device`` or backend that is unknown, and a backend that is not installed or does not run on
    ``device``, with the way out.
    """
    if device.partition(":")[0] not in ("auto", "cpu", "cuda"):
        raise UsageError(f"unknown device {device!r}; use auto, cpu or cuda")
    if name == "auto":
        on_gpu = device == "cuda" or (device == "auto" and gpu_for_torch())
        return "torch" if on_gpu and not BACKENDS["torch"].missing() else _first(device, checkpoint)
    if name not in BACKENDS:
        near = difflib.get_close_matches(name, BACKENDS, n=1, cutoff=0.5)
        said = f"did you mean {near[0]}?" if near else f"use auto, {', '.join(BACKENDS)}"
        raise UsageError(f"unknown backend {name!r}; {said}")
    if reason := _unfit(name, device, checkpoint):
        raise UsageError(f"backend {name} cannot be used: {reason}")
    return name


def compile_network(
    checkpoint: Checkpoint, recipe: Recipe, device: str = "auto", backend: str = "auto"
) -> Compiled:
    """``checkpoint`` in the backend of :func:`choose_backend`, on ``device``.

    Raises CheckpointError where graph, weights and card do not belong together.
    """
    chosen = BACKENDS[choose_backend(backend, device, checkpoint)]
    module, _, function = chosen.compiler.partition(":")
    return cast(Compiled, getattr(import_module(module), function)(checkpoint, recipe, device))


def torch_network(compiled: Compiled, checkpoint: Checkpoint, recipe: Recipe) -> nn.Module:
    """The network of ``compiled`` in torch: the one that it runs, or one of its own.

    Raises UsageError where torch is not installed.
    """
    if compiled.backend != "torch":
        compiled = compile_network(checkpoint, recipe, compiled.device, "torch")
    network: nn.Module = compiled.network  # type: ignore[attr-defined]  # as TorchNetwork has it
    return network


def _first(device: str, checkpoint: Checkpoint | None) -> str:
    reasons = {}
    for name in (name for name, backend in BACKENDS.items() if backend.auto):
        reasons[name] = _unfit(name, device, checkpoint)
        if not reasons[name]:
            return name
    listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    raise UsageError(f"no backend can run the networks ({listed})")


def _unfit(name: str, device: str, checkpoint: Checkpoint | None) -> str:
    """Why a backend cannot run ``checkpoint`` on ``device``, or nothing."""
    backend = BACKENDS[name]
    kind = device.partition(":")[0]
    if kind == "cuda" and kind not in backend.devices:
        return f"it runs on {', '.join(backend.devices)}, not on {device}"
    if missing := backend.missing():
        return missing
    if backend.graph and checkpoint is not None and graph_file(checkpoint) is None:
        return (
            f"{checkpoint.name} has no graph {checkpoint.name}.onnx beside its weights; "
            "make it with python -m pipelines.export"
        )
    return ""
