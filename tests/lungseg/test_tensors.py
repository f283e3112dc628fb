"""What a network gets is the same in training and in use."""

from __future__ import annotations

import numpy as np
import torch

from lungseg.tensors import batch_of, normalise, resize, stack


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
    assert np.array_equal(batch_of(pictures, 32), stacked.numpy())


def test_normalise_gives_three_equal_channels() -> None:
    out = normalise(torch.tensor([[[0.0, 1.0]]]), mean=0.25, std=0.5)
    assert out.shape == (1, 3, 1, 2)
    assert out[0, :, 0].tolist() == [[-0.5, 1.5]] * 3


def test_arrays_and_tensors_are_normalised_alike() -> None:
    for shape in ((2, 5, 7), (2, 3, 5, 7)):
        pictures = np.random.default_rng(0).random(shape).astype(np.float32)
        of_array = normalise(pictures, mean=0.449, std=0.226)
        of_tensor = normalise(torch.from_numpy(pictures), mean=0.449, std=0.226)
        assert of_array.dtype == np.float32
        assert of_array.shape == (2, 3, 5, 7)
        assert np.allclose(of_array, of_tensor.numpy(), atol=1e-6)
