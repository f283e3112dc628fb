"""What runs a network: torch, OpenVINO or ONNX Runtime behind one call."""

import sys
from typing import Any, cast

from lungseg.backends.compiled import Compiled, description
from lungseg.backends.recipe import Recipe, called
from lungseg.backends.table import (
    BACKENDS,
    Backend,
    choose_backend,
    compile_network,
    torch_network,
)

# `import openvino` tells Google Analytics of itself, which is no business of a hospital's computer.
# Without this package it uses a stub of its own that tells nobody. It holds for the whole process:
# whatever imports OpenVINO after this package.
sys.modules.setdefault("openvino_telemetry", cast(Any, None))

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
