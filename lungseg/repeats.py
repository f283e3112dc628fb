"""Which validation slices count when several processes share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from lightning import Trainer


def seen_once(trainer: Trainer, batch: int, loader: int, size: int) -> Tensor:
    """Bool ``size``: false for the slices of a validation batch that another process has too.

    Lightning gives process r of W the slices r, r + W, ... and starts again at the first slices
    where their number is no multiple of W. ``batch``: its index in validation loader ``loader``.
    """
    loaders = trainer.val_dataloaders
    of_batch: Any = loaders[loader] if isinstance(loaders, list) else loaders
    places = batch * of_batch.batch_size + torch.arange(size)
    return places * trainer.world_size + trainer.global_rank < len(of_batch.dataset)
