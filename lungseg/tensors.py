"""From pixels to network input, the same in training and in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    Pictures = TypeVar("Pictures", NDArray[np.float32], Tensor)


def check_batch_size(batch_size: int) -> None:
    """Raise UsageError for a batch of less than one."""
    if batch_size < 1:
        raise UsageError(f"batch size {batch_size} is too small: choose 1 or more")


def resize(pixels: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """``pixels`` (H x W, or H x W x C) to ``size`` x ``size`` (x C) float32: by area when it
    shrinks, bilinear when it grows."""
    shrinks = min(pixels.shape[:2]) >= size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=how), np.float32)


def batch_of(pictures: Sequence[NDArray[np.float32]], size: int) -> NDArray[np.float32]:
    """N pictures of any H x W (or H x W x 3) in [0, 1] as float32 N (x 3) x size x size."""
    return np.stack([channels_first(resize(picture, size)) for picture in pictures])


def stack(pictures: Sequence[NDArray[np.float32]], size: int) -> Tensor:
    """:func:`batch_of` as a tensor, for those that need torch anyway."""
    import torch

    return torch.from_numpy(batch_of(pictures, size))


def channels_first(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """H x W x C as C x H x W; H x W stays as it is."""
    return picture if picture.ndim == 2 else np.moveaxis(picture, -1, 0)


def normalise(pictures: Pictures, mean: float = 0.5, std: float = 0.5) -> Pictures:
    """Values in [0, 1], an array or a tensor, to (value - mean) / std, N x 3 x H x W; N x H x W
    becomes three equal channels."""
    scaled = (pictures - mean) / std
    return scaled if scaled.ndim == 4 else scaled[:, None][:, [0, 0, 0]]
