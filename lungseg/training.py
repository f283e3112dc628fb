"""The Lightning module of stage 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from torch import Tensor
from torch.nn import functional

from lungseg.data.dataset import Sample
from lungseg.data.sources import LESION, LUNG
from lungseg.data.stress import STRESS
from lungseg.errors import UsageError
from lungseg.losses import Exponent, FocalTverskyLoss, Region, Sums, dice_loss, masked_bce
from lungseg.metrics import EMPTY
from lungseg.networks import Network, build_network
from lungseg.networks.pretrained import load_encoder
from lungseg.optimiser import Schedule, adamw
from lungseg.precision import DepthwiseInFloat32
from lungseg.repeats import seen_once
from lungseg.tensors import normalise

FIGURES = ("dice", "empty", "foreign_empty", "lesion_dice", "chest")


@dataclass(frozen=True)
class LossSettings:
    """A loss of the region, plus weighted BCE of masks (``bce``) and of the chest head (``chest``).

    ``region``: ``focal_tversky`` (``alpha`` to ``sums``, see :class:`FocalTverskyLoss`), ``dice``
    (``sums`` alone) or ``none``.
    """

    region: Region = "focal_tversky"
    alpha: float = 0.7
    beta: float = 0.3
    gamma: float = 1.3
    exponent: Exponent = "gamma"
    sums: Sums = "batch"
    bce: float = 0.0
    chest: float = 0.1


def region_loss(settings: LossSettings) -> FocalTverskyLoss | None:
    """The loss that ``settings.region`` names. Raises UsageError where nothing trains the masks."""
    if settings.region == "dice":
        return dice_loss(settings.sums)
    if settings.region == "none":
        if not settings.bce:
            raise UsageError("loss.region none without loss.bce trains no masks; give one of both")
        return None
    return FocalTverskyLoss(
        settings.alpha, settings.beta, settings.gamma, settings.exponent, settings.sums
    )


class LungMaskModule(lightning.LightningModule):
    """Attention U-Net with Focal Tversky loss, and what it is compared with.

    Args:
        network: ``attention_unet`` or ``unet_plus_plus``.
        encoder: ``plain`` (not of U-Net++) or a timm name.
        classes: 1 lung, 2 lung and lesion.
        widths: channels, see :class:`AttentionUNet`.
        gates: of the attention U-Net; false makes it a U-Net.
        separable: depthwise-separable convolutions in the decoder of the attention U-Net.
        pretrained: ImageNet weights of the encoder: ``none``, ``package`` (an installed package
            of the extra ``[pretrained]``) or the path of a file.
        loss: the region's loss, weights and exponents.
        learning_rate: of Adam (AdamW with ``weight_decay``).
        schedule: ``one_cycle`` over all steps, or ``constant`` (the paper).
    """

    def __init__(
        self,
        network: Network = "attention_unet",
        encoder: str = "plain",
        classes: int = 2,
        widths: list[int] | None = None,
        gates: bool = True,
        separable: bool = False,
        pretrained: str = "none",
        loss: LossSettings = LossSettings(),  # noqa: B008  (frozen; jsonargparse shows its fields)
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        schedule: Schedule = "constant",
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.architecture: dict[str, Any] = {
            "network": network,
            "encoder": encoder,
            "classes": classes,
            "widths": widths,
        }
        if network == "attention_unet":
            self.architecture |= {"gates": gates, "separable": separable}
        self.network = build_network(self.architecture)
        self.network.to(memory_format=torch.channels_last)
        load_encoder(self.network, encoder, pretrained)
        self.loss_settings = loss
        self.region = region_loss(loss)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.schedule = schedule
        self.seen: dict[tuple[int, str], list[Tensor]] = defaultdict(list)

    def forward(self, grey: Tensor) -> Any:
        """Grey N x H x W in [0, 1] to :class:`StageOneOutput`."""
        pictures = normalise(grey).contiguous(memory_format=torch.channels_last)
        with DepthwiseInFloat32():
            return self.network(pictures)

    def setup(self, stage: str) -> None:
        """Raises UsageError when network and data do not have the same classes."""
        labelled = getattr(self.trainer.datamodule, "classes", None)  # type: ignore[attr-defined]  # set by fit
        if labelled not in (None, self.architecture["classes"]):
            raise UsageError(
                f"--model.classes {self.architecture['classes']} and --data.classes {labelled} "
                "differ; give both the same number"
            )

    def training_step(self, batch: Sample, index: int) -> Tensor:
        output = self(batch["picture"].float() / 255)
        masks, known = batch["masks"], batch["known"]
        parts: dict[str, Tensor] = {}  # as they add up to the loss
        if self.region is not None:
            parts["region"] = self.region(output.masks, masks, known)
        if self.loss_settings.bce:
            parts["bce"] = self.loss_settings.bce * masked_bce(output.masks, masks, known)
        said = batch["chest"] >= 0
        if self.loss_settings.chest and said.any():
            parts["chest"] = self.loss_settings.chest * functional.binary_cross_entropy_with_logits(
                output.chest.float()[said], batch["chest"][said].float()
            )
        loss = torch.stack(list(parts.values())).sum()
        logged = {f"train/{name}": part for name, part in parts.items()}
        self.log_dict({"train/loss": loss, **logged}, prog_bar=True)
        return loss

    def validation_step(self, batch: Sample, index: int, dataloader_idx: int = 0) -> None:
        output = self(batch["picture"].float() / 255)
        predicted = output.masks > 0
        truth, known = batch["masks"].bool(), batch["known"]
        hit = 2.0 * (predicted & truth).sum((2, 3))
        total = predicted.sum((2, 3)) + truth.sum((2, 3))
        dice = torch.where(total > 0, hit / total.clamp_min(1), torch.ones_like(hit))
        pixels = predicted[0, 0].numel()
        empty = truth[:, LUNG].sum((1, 2)) < EMPTY * pixels
        left = predicted[:, LUNG].sum((1, 2)) < EMPTY * pixels
        fresh = seen_once(self.trainer, index, dataloader_idx, len(dice)).to(self.device)
        self.seen[dataloader_idx, "dice"].append(dice[~empty & fresh, LUNG])
        foreign = batch["chest"] == 0
        self.seen[dataloader_idx, "empty"].append(left[empty & fresh & ~foreign].float())
        self.seen[dataloader_idx, "foreign_empty"].append(left[empty & fresh & foreign].float())
        if predicted.shape[1] > LESION:
            counted = known[:, LESION] & (truth[:, LESION].sum((1, 2)) > 0) & fresh
            self.seen[dataloader_idx, "lesion_dice"].append(dice[counted, LESION])
        said = (batch["chest"] >= 0) & fresh
        agrees = (output.chest > 0) == (batch["chest"] > 0)
        self.seen[dataloader_idx, "chest"].append(agrees[said].float())

    def on_validation_epoch_end(self) -> None:
        names = list(getattr(self.trainer.datamodule, "val", {})) or ["0"]  # type: ignore[attr-defined]  # set by fit
        totals = torch.zeros(len(names), len(FIGURES), 2, device=self.device)
        for (loader, what), values in self.seen.items():
            joined = torch.cat(values)
            totals[loader, FIGURES.index(what), 0] = joined.sum()
            totals[loader, FIGURES.index(what), 1] = joined.numel()
        self.seen.clear()
        # sums, because a process may have no slice of a source and then has no mean of it
        totals = self.trainer.strategy.reduce(totals, reduce_op="sum")
        figures = {
            f"val/{name}/{what}": total / count
            for name, of_source in zip(names, totals, strict=True)
            for what, (total, count) in zip(FIGURES, of_source, strict=True)
            if count
        }
        score = validation_score(names, totals)
        self.log_dict({**figures, "val/score": score}, sync_dist=True)
        self.log("score", score, prog_bar=True, logger=False, sync_dist=True)

    def configure_optimizers(self) -> Any:
        return adamw(self, self.learning_rate, self.weight_decay, self.schedule)


def validation_score(names: Sequence[str], totals: Tensor) -> Tensor:
    """What the best epoch is chosen by, of sums and counts L x F x 2 of L sources, F = FIGURES.

    The mean of four: Dice over the sources, Dice over the sources of other looks, Dice of lesions
    over all sources that have some, and the share of body slices without lung that stay empty, all
    of them as one, because there are few in each source. Pictures that are no CT of a body have no
    say, for the head that refuses them is trained beside the masks.
    """
    stressed = torch.tensor([name.startswith(STRESS) for name in names], device=totals.device)
    dice, lesion = (totals[:, FIGURES.index(name)] for name in ("dice", "lesion_dice"))
    terms = [
        (sums[chosen, 0] / sums[chosen, 1]).mean()
        for sums, of_kind in ((dice, ~stressed), (dice, stressed), (lesion, stressed | ~stressed))
        if (chosen := of_kind & (sums[:, 1] > 0)).any()
    ]
    empty = totals[:, FIGURES.index("empty")].sum(0)
    if empty[1]:
        terms.append(empty[0] / empty[1])
    return torch.stack(terms).mean()


def network_of(checkpoint: Path) -> tuple[LungMaskModule, dict[str, Tensor]]:
    """The module of a Lightning checkpoint that this project wrote, and the network's weights."""
    module = LungMaskModule.load_from_checkpoint(
        checkpoint, map_location="cpu", weights_only=False, pretrained="none"
    )
    return module, module.network.state_dict()
