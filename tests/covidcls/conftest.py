"""Fixtures of stage 2."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    import lightning


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


@pytest.fixture(scope="session")
def trainer_of() -> Callable[[Path], lightning.Trainer]:
    """A trainer for one epoch on the CPU that keeps what it must in the folder it is given."""
    import lightning

    return lambda folder: lightning.Trainer(
        default_root_dir=folder,
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
