"""Fixtures of stage 2."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def lesion_weights(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``tiny_weights`` with a stage 1 of two classes: dark pixels are lung, and what is dark is
    lesion the surer the darker it is."""
    from lungseg.checkpoint import load_checkpoint, save_checkpoint

    folder = tmp_path_factory.mktemp("lesion-weights")
    for file in tiny_weights.iterdir():
        shutil.copy(file, folder)
    good = load_checkpoint(tiny_weights / "dark.safetensors", "segmenter")
    tensors = dict(good.tensors)
    weight, bias = tensors["masks.weight"], tensors["masks.bias"]
    tensors["masks.weight"] = np.concatenate([weight, weight / 8])
    tensors["masks.bias"] = np.concatenate([bias, bias / 8])
    card = {
        **good.card,
        "architecture": {**good.card["architecture"], "classes": 2},
        "lesion_threshold": 0.4,
    }
    save_checkpoint(folder, "dark", tensors, card)
    return folder
