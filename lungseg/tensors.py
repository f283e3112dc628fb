"""From pixels to network input, the same in training and in use."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def resize(pixels: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """``pixels`` (H x W, or H x W x C) to ``size`` x ``size`` (x C) float32: by area when it
    shrinks, bilinear when it grows."""
    shrinks = min(pixels.shape[:2]) >= size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=how), np.float32)


def stack(pictures: Sequence[NDArray[np.float32]], size: int) -> Tensor:
    """N pictures of any H x W (or H x W x 3) in [0, 1] as float32 N (x 3) x size x size."""
    stacked = np.stack([channels_first(resize(picture, size)) for picture in pictures])
    return torch.from_numpy(stacked)


def channels_first(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """H x W x C as C x H x W; H x W stays as it is."""
    return picture if picture.ndim == 2 else np.moveaxis(picture, -1, 0)


def normalise(pictures: Tensor, mean: float = 0.5, std: float = 0.5) -> Tensor:
    """Values in [0, 1] to (value - mean) / std, N x 3 x H x W; N x H x W becomes three equal
    channels."""
    scaled = (pictures - mean) / std
    if scaled.dim() == 4:
        return scaled
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
