"""Commands, and the composition of both stages."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.prediction import Prediction
    from pipelines.two_stage import TwoStagePipeline

__all__ = ["Prediction", "TwoStagePipeline"]

_ROOMS = {"Prediction": "pipelines.prediction", "TwoStagePipeline": "pipelines.two_stage"}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that a command's ``--help`` does not pay for it."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
