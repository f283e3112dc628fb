"""From pixels to network input, the same in training and in use."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def resize(pixels: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """To ``size`` x ``size`` float32: by area when it shrinks, bilinear when it grows."""
    shrinks = min(pixels.shape) >= size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=how), np.float32)


def stack(pictures: Sequence[NDArray[np.float32]], size: int) -> Tensor:
    """N pictures of any H x W in [0, 1] as float32 N x size x size."""
    return torch.from_numpy(np.stack([resize(picture, size) for picture in pictures]))


def normalise(grey: Tensor, mean: float = 0.5, std: float = 0.5) -> Tensor:
    """Grey N x H x W in [0, 1] to N x 3 x H x W, (value - mean) / std, three equal channels."""
    scaled = (grey - mean) / std
    return scaled.unsqueeze(1).expand(-1, 3, -1, -1)


def choose_device(name: str) -> torch.device:
    """``auto`` (CUDA where there is one), ``cpu`` or ``cuda``.

    Raises UsageError for a device that this machine does not have.
    """
    from lungseg.errors import UsageError

    available = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if available else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"unknown device {name!r}; use auto, cpu or cuda") from error
    if device.type == "cuda" and not available:
        raise UsageError(
            "device cuda was asked for, but torch sees no CUDA device; use --device cpu"
        )
    return device
