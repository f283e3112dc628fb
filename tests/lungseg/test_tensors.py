"""What a network gets is the same in training and in use."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lungseg.errors import UsageError
from lungseg.tensors import choose_device, normalise, resize, stack


def test_shrinking_averages_so_that_fine_patterns_do_not_alias() -> None:
    stripes = np.tile(np.array([0, 1], np.float32), (64, 32))
    assert np.allclose(resize(stripes, 16), 0.5)


def test_growing_is_bilinear_and_keeps_the_range() -> None:
    grown = resize(np.array([[0, 1]], np.float32), 8)
    assert grown.shape == (8, 8)
    assert grown.dtype == np.float32
    assert (grown.min(), grown.max()) == (0, 1)
    assert (np.diff(grown[0]) >= 0).all()


def test_pictures_of_any_size_stack() -> None:
    pictures = [np.full(shape, 0.5, np.float32) for shape in ((1, 1), (30, 500), (64, 64))]
    stacked = stack(pictures, 32)
    assert stacked.shape == (3, 32, 32)
    assert torch.equal(stacked, torch.full((3, 32, 32), 0.5))


def test_normalise_gives_three_equal_channels() -> None:
    out = normalise(torch.tensor([[[0.0, 1.0]]]), mean=0.25, std=0.5)
    assert out.shape == (1, 3, 1, 2)
    assert out[0, :, 0].tolist() == [[-0.5, 1.5]] * 3


def test_devices_by_name() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(UsageError, match="unknown device 'gpu'; use auto, cpu or cuda"):
        choose_device("gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_without_a_device_is_told_with_the_way_out() -> None:
    with pytest.raises(UsageError, match="--device cpu"):
        choose_device("cuda")
