"""The table of classifiers: one output (the logit of COVID-19), three channels in."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from covidcls.views.view import Channels
from covidcls.zoo.efficientnet_b4 import build_b4
from covidcls.zoo.efficientnet_lite import build_lite
from covidcls.zoo.lesion_share import build_lesion_share
from lungseg.errors import UsageError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Architecture:
    """How to build a classifier: ``build(pretrained, dropout)``.

    ``input_size``: pixels a side that it was designed for. ``mean``, ``std``: of the grey values
    in [0, 1] that its ImageNet weights expect. ``channels``: what it must be given, see
    :class:`covidcls.views.view.View`; None where grey will do.
    """

    build: Callable[[str, float], nn.Module]
    input_size: int
    mean: float
    std: float
    channels: Channels | None = None


ARCHITECTURES: dict[str, Architecture] = {
    "efficientnet-b4": Architecture(build_b4, 380, 0.449, 0.226),
    **{
        f"tf_efficientnet_lite{n}": Architecture(
            partial(build_lite, f"tf_efficientnet_lite{n}"), size, 0.5, 0.5
        )
        for n, size in ((0, 224), (1, 240), (2, 260), (3, 300), (4, 380))
    },
    "lesion_share": Architecture(build_lesion_share, 224, 0.0, 1.0, channels="lesion"),
}


def architecture(name: str) -> Architecture:
    """The entry of ``name``; an unknown name raises UsageError with the nearest known ones."""
    if name not in ARCHITECTURES:
        near = difflib.get_close_matches(name, ARCHITECTURES, n=3, cutoff=0.4) or ARCHITECTURES
        raise UsageError(f"unknown architecture {name!r}; did you mean {', '.join(near)}?")
    return ARCHITECTURES[name]


def create_classifier(name: str, pretrained: str = "none", dropout: float = 0.2) -> nn.Module:
    """A network from N x 3 x H x W to N x 1 logits.

    ``pretrained``: ``none``, ``package`` (installed with the extra ``[pretrained]``), ``download``
    (by the network's own library, asked for by this name only) or the path of a local file.
    ``dropout``: before the last layer.
    """
    return architecture(name).build(pretrained, dropout)
