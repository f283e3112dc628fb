"""OpenVINO on the CPU, picture by picture in parallel streams."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from lungseg.backends.graph import (
    PICTURES,
    WEIGHTS_SHA256,
    check_belongs,
    check_outputs,
    graph_file,
    unreadable_graph,
)
from lungseg.backends.recipe import Recipe
from lungseg.checkpoint import Checkpoint

DEVICE = "CPU"


class OpenvinoNetwork:
    """A graph compiled for each height and width that it is called with, for one picture.

    One picture at a time in as many streams as the processor serves well, because that keeps its
    caches; and a picture's outputs do not depend on the batch that it came in.
    """

    backend, device = "openvino", "cpu"

    def __init__(self, file: Path, checkpoint: Checkpoint, recipe: Recipe, bfloat16: bool) -> None:
        self._core = _core()
        native = "BF16" in self._core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")
        self.precision = "bfloat16" if native and bfloat16 else "float32"
        self._file = file
        self._model = self._read()
        check_belongs(file, _metadata(self._model).get(WEIGHTS_SHA256), checkpoint)
        check_outputs(file, len(self._model.outputs), recipe.outputs)
        self._queues: dict[tuple[int, ...], openvino.AsyncInferQueue] = {}
        self._lock = threading.Lock()

    def __call__(self, pictures: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """See :class:`lungseg.backends.Compiled`."""
        found: dict[int, list[NDArray[np.float32]]] = {}

        def keep(request: openvino.InferRequest, index: int) -> None:
            found[index] = [np.array(tensor.data) for tensor in request.output_tensors]

        with self._lock:  # a queue has one callback
            queue = self._queue(pictures.shape[1:])
            queue.set_callback(keep)
            for index, picture in enumerate(pictures):
                queue.start_async({PICTURES: picture[None]}, index)
            queue.wait_all()
        outputs = zip(*(found[index] for index in range(len(pictures))), strict=True)
        return tuple(np.concatenate(output) for output in outputs)

    def _queue(self, shape: tuple[int, ...]) -> openvino.AsyncInferQueue:
        if shape not in self._queues:
            model = self._model.clone()
            model.reshape({PICTURES: [1, *shape]})
            hints = {
                "INFERENCE_PRECISION_HINT": "bf16" if self.precision == "bfloat16" else "f32",
                "PERFORMANCE_HINT": "THROUGHPUT",
            }
            network = self._core.compile_model(model, DEVICE, hints)
            self._queues[shape] = openvino.AsyncInferQueue(network)  # as many as it has streams
        return self._queues[shape]

    def _read(self) -> openvino.Model:
        try:
            return self._core.read_model(self._file)
        except RuntimeError as error:
            raise unreadable_graph(self._file, error) from error


@cache
def _core() -> openvino.Core:
    """The one of the process, kept to its end.

    Its CPU plugin puts an alternate signal stack in the place of the one before. Of several, let go
    in another order, the stack in use is freed, and the next signal ends the process.
    """
    return openvino.Core()


def compiled(
    checkpoint: Checkpoint, recipe: Recipe, device: str, bfloat16: bool = False
) -> OpenvinoNetwork:
    """The graph beside the weights of ``checkpoint``."""
    file = graph_file(checkpoint)
    assert file is not None  # choose_backend has looked
    return OpenvinoNetwork(file, checkpoint, recipe, bfloat16)


def compiled_bfloat16(checkpoint: Checkpoint, recipe: Recipe, device: str) -> OpenvinoNetwork:
    """In bfloat16 where the processor has it.

    To be asked for by name: with the shipped networks, the probabilities of 122 slices moved by
    0.004 in the mean and 0.032 at most. It is stage 1 that does, by its findings more than by its
    boxes: stage 2 alone moves them by up to 0.009 (``benchmarks/backend_difference.json``).
    """
    return compiled(checkpoint, recipe, device, bfloat16=True)


def _metadata(model: openvino.Model) -> dict[str, Any]:
    """What the ONNX file says of itself."""
    path = ["framework", WEIGHTS_SHA256]
    return {WEIGHTS_SHA256: model.get_rt_info(path).astype(str)} if model.has_rt_info(path) else {}
