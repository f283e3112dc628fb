"""What runs a network: torch, OpenVINO or ONNX Runtime behind one call."""

from lungseg.backends.compiled import Compiled, description
from lungseg.backends.recipe import Recipe, called
from lungseg.backends.table import (
    BACKENDS,
    Backend,
    choose_backend,
    compile_network,
    torch_network,
)

__all__ = [
    "BACKENDS",
    "Backend",
    "Compiled",
    "Recipe",
    "called",
    "choose_backend",
    "compile_network",
    "description",
    "torch_network",
]
