"""A convolution of what was up-sampled, without ever building it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def up_convolution(coarse: Tensor, skip: Tensor | None, weight: Tensor) -> Tensor:
    """``conv2d(cat([up(coarse), skip]), weight, padding=1)``, up to rounding, in half the work.

    ``coarse``: N x C x H x W; ``up``: to the nearest, by two; ``skip``: N x S x 2H x 2W or None;
    ``weight``: O x (C + S) x 3 x 3. Up-sampled pixels come in fours, so that the nine below a
    kernel show at most four of ``coarse``: the rows and columns of the kernel that meet the same
    pixel are added once, and make a transposed convolution of 4 x 4 with stride 2.
    """
    channels = coarse.shape[1]
    kernel = _spread(_spread(weight[:, :channels], 2), 3).transpose(0, 1)
    convolved = functional.conv_transpose2d(coarse, kernel, stride=2, padding=1)
    if skip is None:
        return convolved
    return convolved + functional.conv2d(skip, weight[:, channels:], padding=1)


def _spread(weight: Tensor, axis: int) -> Tensor:
    """The three taps along ``axis`` as the four of a transposed convolution of stride 2."""
    first, second, third = weight.unbind(axis)
    return torch.stack([third, second + third, first + second, first], axis)
