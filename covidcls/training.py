"""The Lightning module of stage 2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    BinaryAccuracy,
    BinaryF1Score,
    BinaryPrecision,
    BinaryRecall,
    BinarySpecificity,
)
from torchmetrics.retrieval import RetrievalAUROC

from covidcls.data.dataset import Sample
from covidcls.zoo import architecture, create_classifier
from lungseg.errors import UsageError
from lungseg.optimiser import Schedule, adamw
from lungseg.precision import DepthwiseInFloat32
from lungseg.repeats import seen_once
from lungseg.tensors import normalise


class CovidModule(lightning.LightningModule):
    """A classifier with binary cross entropy; COVID-19 is 1.

    Args:
        arch: a name of :data:`covidcls.zoo.ARCHITECTURES`.
        pretrained: ``none``, ``package``, ``download`` or the path of a file; see
            :func:`covidcls.zoo.create_classifier`.
        learning_rate: of Adam (AdamW with ``weight_decay``).
        schedule: ``constant`` (the paper) or ``one_cycle`` over all steps.
        dropout: before the last layer.
        positive_weight: of the loss of COVID-19 slices.
        label_smoothing: share of the label given to the other class.
        mixup: parameter of the Beta distribution by which pairs of slices and their labels are
            mixed (Zhang et al. 2018); 0 mixes none.
    """

    def __init__(
        self,
        arch: str = "efficientnet-b4",
        pretrained: str = "none",
        learning_rate: float = 1e-4,
        weight_decay: float = 0.0,
        schedule: Schedule = "constant",
        dropout: float = 0.4,
        positive_weight: float = 1.0,
        label_smoothing: float = 0.0,
        mixup: float = 0.0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.arch, self.pretrained = arch, pretrained
        self.entry = architecture(arch)
        self.network = create_classifier(arch, pretrained, dropout)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.schedule = schedule
        self.label_smoothing, self.mixup = label_smoothing, mixup
        self.positive_weight = positive_weight
        self.scores = MetricCollection(
            {
                "accuracy": BinaryAccuracy(),
                "recall": BinaryRecall(),
                "precision": BinaryPrecision(),
                "specificity": BinarySpecificity(),
                "f1": BinaryF1Score(),
                # of each source alone, then their mean: a pooled one also counts as right that a
                # source of many COVID-19 slices is told from one of few
                "auc": RetrievalAUROC(),
            },
            prefix="val/",
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures N x H x W or N x 3 x H x W in [0, 1] to logits N."""
        pictures = normalise(pictures, self.entry.mean, self.entry.std)
        with DepthwiseInFloat32():
            logits: Tensor = self.network(pictures.contiguous(memory_format=torch.channels_last))
        return logits.squeeze(1)

    def setup(self, stage: str) -> None:
        """Raises UsageError where the data do not show what the network needs."""
        needed, data = self.entry.channels, getattr(self.trainer, "datamodule", None)
        if needed and data is not None and data.view.channels != needed:
            raise UsageError(
                f"{self.arch} looks at {needed} channels, but the data give {data.view.channels}; "
                f"use --data.channels {needed}"
            )

    def on_fit_start(self) -> None:
        self.network.to(memory_format=torch.channels_last)

    def training_step(self, batch: Sample, index: int) -> Tensor:
        pictures, target = batch["picture"], batch["label"]
        if self.mixup:
            share = float(torch.distributions.Beta(self.mixup, self.mixup).sample())
            order = torch.randperm(len(target), device=target.device)
            pictures = share * pictures + (1 - share) * pictures[order]
            target = share * target + (1 - share) * target[order]
        target = target * (1 - self.label_smoothing) + 0.5 * self.label_smoothing
        weight = torch.tensor(self.positive_weight, device=self.device)
        loss = functional.binary_cross_entropy_with_logits(
            self(pictures).float(), target, pos_weight=weight
        )
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Sample, index: int) -> None:
        fresh = seen_once(self.trainer, index, 0, len(batch["label"])).to(self.device)
        logits = self(batch["picture"]).float()
        label = batch["label"]
        loss = functional.binary_cross_entropy_with_logits(logits, label)
        self.log("val/loss", loss, prog_bar=True, sync_dist=True)
        self.scores.update(
            preds=torch.sigmoid(logits)[fresh],
            target=label.int()[fresh],
            indexes=batch["source"][fresh],
        )

    def on_validation_epoch_end(self) -> None:
        figures = self.scores.compute()  # gathers over processes by itself
        self.scores.reset()
        self.log_dict(figures)
        self.log("auc", figures["val/auc"], prog_bar=True, logger=False)

    def configure_optimizers(self) -> Any:
        return adamw(self, self.learning_rate, self.weight_decay, self.schedule)


def network_of(checkpoint: Path) -> tuple[CovidModule, dict[str, Tensor]]:
    """The module of a Lightning checkpoint that this project wrote, and the network's weights."""
    start = torch.load(checkpoint, map_location="cpu", weights_only=False)["hyper_parameters"]
    module = CovidModule.load_from_checkpoint(
        checkpoint, map_location="cpu", weights_only=False, pretrained="none"
    )
    module.pretrained = str(start.get("pretrained", "none"))
    return module, module.network.state_dict()
