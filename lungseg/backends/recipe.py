"""A network as torch knows it: what the torch backend runs and what graphs are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Recipe:
    """``build()``: the network of a card, without its weights. ``forward(network, pictures)``:
    what is to be computed, a tuple of tensors with the names ``outputs``.
    """

    build: Callable[[], nn.Module]
    forward: Callable[[nn.Module, Tensor], tuple[Tensor, ...]]
    outputs: tuple[str, ...]


def called(network: nn.Module, pictures: Tensor) -> tuple[Tensor, ...]:
    """The ``forward`` of a network that gives its outputs as a tuple."""
    found: tuple[Tensor, ...] = network(pictures)
    return found
