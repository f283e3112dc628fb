"""The torch backend: devices, and that nothing of its input is changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lungseg.backends.torch_backend import choose_device
from lungseg.errors import UsageError
from lungseg.segmenter import LungSegmenter


def test_it_computes_what_the_network_does(tiny_weights: Path) -> None:
    segmenter = LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu", backend="torch")
    pictures = np.random.default_rng(0).random((3, 3, 32, 64)).astype(np.float32)
    with torch.no_grad():
        expected = segmenter.network(torch.from_numpy(pictures))
    masks, chest = segmenter.compiled(pictures)
    assert (segmenter.compiled.backend, segmenter.compiled.device) == ("torch", "cpu")
    assert np.allclose(masks, expected.masks.numpy(), atol=1e-5)
    assert np.allclose(chest, expected.chest.numpy(), atol=1e-5)


def test_devices_by_name() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(UsageError, match="unknown device 'gpu'; use auto, cpu or cuda"):
        choose_device("gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_without_a_device_is_told_with_the_way_out() -> None:
    with pytest.raises(UsageError, match="--device cpu"):
        choose_device("cuda")
