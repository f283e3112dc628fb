"""AdamW and its schedule, for both stages."""

from __future__ import annotations

from typing import Any, Literal

import lightning
import torch

Schedule = Literal["constant", "one_cycle"]


def adamw(
    module: lightning.LightningModule,
    learning_rate: float,
    weight_decay: float,
    schedule: Schedule,
    warm_up: float = 0.2,
) -> Any:
    """What ``configure_optimizers`` returns.

    ``constant`` (the paper; without weight decay AdamW is Adam) or ``one_cycle``: over all steps
    of the training, rising for the share ``warm_up`` of them.
    """
    optimiser = torch.optim.AdamW(module.parameters(), lr=learning_rate, weight_decay=weight_decay)
    if schedule == "constant":
        return optimiser
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        max_lr=learning_rate,
        total_steps=int(module.trainer.estimated_stepping_batches),
        pct_start=warm_up,
    )
    return {"optimizer": optimiser, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}
