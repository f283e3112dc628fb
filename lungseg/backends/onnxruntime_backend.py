"""ONNX Runtime on the CPU, in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
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


class OnnxruntimeNetwork:
    """A graph in an inference session, for batches and pictures of any size."""

    backend, device, precision = "onnxruntime", "cpu", "float32"

    def __init__(self, file: Path, checkpoint: Checkpoint, recipe: Recipe) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors; the rest is for those who build graphs
        try:
            self._session = onnxruntime.InferenceSession(
                file, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no common base
            raise unreadable_graph(file, error) from error
        metadata = self._session.get_modelmeta().custom_metadata_map
        check_belongs(file, metadata.get(WEIGHTS_SHA256), checkpoint)
        check_outputs(file, len(self._session.get_outputs()), recipe.outputs)

    def __call__(self, pictures: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """See :class:`lungseg.backends.Compiled`."""
        return tuple(self._session.run(None, {PICTURES: pictures}))


def compiled(checkpoint: Checkpoint, recipe: Recipe, device: str) -> OnnxruntimeNetwork:
    """The graph beside the weights of ``checkpoint``."""
    file = graph_file(checkpoint)
    assert file is not None  # choose_backend has looked
    return OnnxruntimeNetwork(file, checkpoint, recipe)
