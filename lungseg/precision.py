"""Which operations of a training in mixed precision stay in float32 on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

GROUPS = 6  # the position of this argument in functional.conv2d


class DepthwiseInFloat32(TorchFunctionMode):
    """A context in which a CPU's autocast leaves grouped convolutions in float32.

    In bfloat16 oneDNN has no fast gradient of a depthwise convolution with a stride or with 5 x 5
    pixels: these took half of a training step of an EfficientNet. Measured on 2 cores with AMX, ms
    a step of 16 slices in float32, bfloat16, and bfloat16 with this: EfficientNet-Lite0 at 160 px
    310, 468, 267; EfficientNet-B4 at 192 px 1688, 2028, 1227; the U-Net at 256 px 1307, 1506, 907.
    The output has the type of autocast, so that all else is as it would be. Nothing changes on a
    GPU or without autocast.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is not functional.conv2d or not torch.is_autocast_enabled("cpu"):
            return func(*args, **kwargs)
        pictures, *others = args
        groups = kwargs.get("groups", args[GROUPS] if len(args) > GROUPS else 1)
        if groups == 1 or pictures.device.type != "cpu":
            return func(*args, **kwargs)
        with torch.autocast("cpu", enabled=False):
            found = func(pictures.float(), *others, **kwargs)
        return found.to(torch.get_autocast_dtype("cpu"))
