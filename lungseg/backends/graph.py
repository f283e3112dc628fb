"""``NAME.onnx`` beside ``NAME.safetensors``: a graph whose weights lie in that file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lungseg.checkpoint import Checkpoint
from lungseg.errors import CheckpointError

WEIGHTS_SHA256 = "weights_sha256"  # the key in the graph's metadata
PICTURES = "pictures"  # the name of its one input


def graph_file(checkpoint: Checkpoint) -> Path | None:
    """The graph of a checkpoint; None where there is none, or the weights are not from a file."""
    if checkpoint.path is None:
        return None
    file = checkpoint.path.with_suffix(".onnx")
    return file if file.is_file() else None


def check_belongs(file: Path, weights_sha256: str | None, checkpoint: Checkpoint) -> None:
    """Raise CheckpointError unless ``weights_sha256``, from the metadata of the graph ``file``, is
    that of the weights: the graph finds its tensors by their places in them."""
    if weights_sha256 != checkpoint.sha256:
        raise CheckpointError(
            f"the graph {file.name} was made for other weights than {checkpoint.name}.safetensors "
            f"(sha256 {str(weights_sha256)[:12]}, the file has {checkpoint.sha256[:12]}); "
            "make it again with python -m pipelines.export"
        )


def check_outputs(file: Path, found: int, wanted: Sequence[str]) -> None:
    """Raise CheckpointError unless the graph ``file`` has as many outputs as the network has."""
    if found != len(wanted):
        raise CheckpointError(
            f"the graph {file.name} is of an older version: it has {found} outputs instead of "
            f"{', '.join(wanted)}; make it again with python -m pipelines.export"
        )


def unreadable_graph(file: Path, error: Exception) -> CheckpointError:
    """What to raise for a graph that a runtime does not take."""
    reason = " ".join(str(error).split())[:200]
    return CheckpointError(
        f"cannot run the graph {file} ({reason}); make it again with python -m pipelines.export"
    )
