"""The Lightning module of stage 1: its figures, its state files, wrong options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from torch.utils.data import DataLoader

from lungseg.data.module import LungMaskDataModule
from lungseg.errors import UsageError
from lungseg.networks.attention_unet import StageOneOutput
from lungseg.repeats import seen_once
from lungseg.training import FIGURES, LossSettings, LungMaskModule, network_of, validation_score

WIDTHS = [2, 2, 2, 2, 2, 2]


def data_of(root: Path, **options: Any) -> LungMaskDataModule:
    split = str(root / "split.json")
    return LungMaskDataModule(
        str(root), "phantoms", split, size=64, batch_size=4, workers=0, **options
    )


def trainer_of(folder: Path, **options: Any) -> lightning.Trainer:
    return lightning.Trainer(
        default_root_dir=folder,
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


class ByBrightness(torch.nn.Module):
    """Stands for a network whose masks are known: dark pixels are lung, and bright ones lesion."""

    def forward(self, pictures: torch.Tensor) -> StageOneOutput:
        grey = pictures[:, 0]
        return StageOneOutput(torch.stack([-grey, grey], 1), torch.ones(len(grey)))


def test_the_figures_are_means_over_slices_and_the_score_is_their_mean(
    phantom_data: Path, tmp_path: Path
) -> None:
    module, data = LungMaskModule(widths=WIDTHS), data_of(phantom_data)
    module.network = ByBrightness()  # type: ignore[assignment]
    trainer = trainer_of(tmp_path)
    (found,) = trainer.validate(module, data, verbose=False)

    dice, lesion, empty = [], [], []
    for one in data.val["phantoms"]:
        lung, of_lesion = torch.from_numpy(one.masks > 0).unbind(2)
        dark = torch.from_numpy(one.picture).float() / 255 < 0.5
        if lung.any():
            dice.append(float(2 * (dark & lung).sum() / (dark.sum() + lung.sum())))
        else:
            empty.append(float(dark.sum() < 0.001 * dark.numel()))
        if of_lesion.any():
            hit = (~dark & of_lesion).sum()
            lesion.append(float(2 * hit / ((~dark).sum() + of_lesion.sum())))
    assert found["val/phantoms/dice"] == pytest.approx(sum(dice) / len(dice), abs=1e-4)
    assert found["val/phantoms/empty"] == pytest.approx(sum(empty) / len(empty))
    assert found["val/phantoms/lesion_dice"] == pytest.approx(sum(lesion) / len(lesion), abs=1e-2)
    assert found["val/phantoms/chest"] == 1
    assert found["val/score"] == pytest.approx(
        (
            found["val/phantoms/dice"]
            + found["val/phantoms/lesion_dice"]
            + found["val/phantoms/empty"]
        )
        / 3
    )


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9])
def test_over_several_processes_every_slice_counts_once(length: int) -> None:
    from torch.utils.data import DistributedSampler

    class Shown:
        """The part of a trainer that is asked: a stand-in, since a real one needs processes."""

        world_size = 2

        def __init__(self, rank: int) -> None:
            self.global_rank = rank
            items = list(range(length))
            sampler = DistributedSampler(items, 2, rank, shuffle=False)  # type: ignore[arg-type, var-annotated]
            self.val_dataloaders: Any = [DataLoader(items, batch_size=3, sampler=sampler)]  # type: ignore[arg-type]

    counted = []
    for rank in (0, 1):
        trainer = Shown(rank)
        for number, batch in enumerate(trainer.val_dataloaders[0]):
            counted += batch[seen_once(trainer, number, 0, len(batch))].tolist()  # type: ignore[arg-type]
    assert sorted(counted) == list(range(length))


def test_a_state_made_in_python_loads_with_its_settings(phantom_data: Path, tmp_path: Path) -> None:
    module = LungMaskModule(
        classes=1, widths=WIDTHS, loss=LossSettings(alpha=0.6, exponent="inverse_gamma", bce=0.5)
    )
    trainer = trainer_of(tmp_path, limit_val_batches=1, enable_checkpointing=False)
    trainer.fit(module, data_of(phantom_data, classes=1))
    trainer.save_checkpoint(tmp_path / "state.ckpt")
    loaded, tensors = network_of(tmp_path / "state.ckpt")
    assert loaded.architecture == {
        "network": "attention_unet",
        "encoder": "plain",
        "classes": 1,
        "widths": WIDTHS,
        "gates": True,
        "separable": False,
    }
    assert (loaded.loss_settings.alpha, loaded.loss_settings.bce) == (0.6, 0.5)
    assert loaded.region is not None
    assert loaded.region.power == pytest.approx(1 / 1.3)
    assert all(torch.equal(tensors[k], v) for k, v in module.network.state_dict().items())


def test_classes_of_network_and_data_must_agree(phantom_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--model.classes 2 and --data.classes 1 differ"):
        trainer_of(tmp_path).fit(LungMaskModule(widths=WIDTHS), data_of(phantom_data, classes=1))


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        (LossSettings(), {"region", "chest"}),
        (LossSettings(region="dice", bce=0.5), {"region", "bce", "chest"}),
        (LossSettings(region="none", bce=2.0, chest=0.0), {"bce"}),
    ],
)
def test_the_parts_that_are_logged_add_up_to_the_loss(
    phantom_data: Path, settings: LossSettings, parts: set[str]
) -> None:
    data = data_of(phantom_data)
    data.setup()
    batch = next(iter(data.train_dataloader()))
    module = LungMaskModule(widths=WIDTHS, loss=settings)
    logged: dict[str, torch.Tensor] = {}
    module.log_dict = lambda values, **_: logged.update(values)  # type: ignore[assignment, method-assign]  # no trainer
    loss = module.training_step(batch, 0)
    assert logged.pop("train/loss") is loss
    assert logged.keys() == {f"train/{part}" for part in parts}
    total = sum(float(part.detach()) for part in logged.values())
    assert total == pytest.approx(float(loss.detach()))


def test_a_loss_that_trains_no_masks_is_refused() -> None:
    with pytest.raises(UsageError, match="loss.region none without loss.bce"):
        LungMaskModule(widths=WIDTHS, loss=LossSettings(region="none"))


def test_training_steps_lower_the_loss_of_their_batch(phantom_data: Path) -> None:
    data = data_of(phantom_data)
    data.setup()
    batch = next(iter(data.train_dataloader()))
    torch.manual_seed(0)
    module = LungMaskModule(widths=[4, 8, 8, 8, 8, 8], learning_rate=0.02)
    module.log_dict = lambda *_, **__: None  # type: ignore[assignment, method-assign]  # no trainer
    optimiser = module.configure_optimizers()
    losses = []
    for _ in range(12):
        optimiser.zero_grad()
        loss = module.training_step(batch, 0)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


def test_few_empty_slices_and_other_looks_do_not_outvote_the_sources() -> None:
    names = ["a", "b", "stress dark", "stress far"]
    totals = torch.zeros(len(names), len(FIGURES), 2)

    def count(figure: str, sums_and_counts: list[list[float]]) -> None:
        totals[:, FIGURES.index(figure)] = torch.tensor(sums_and_counts)

    count("dice", [[9, 10], [8, 10], [6, 10], [0, 0]])
    count("empty", [[29, 30], [0, 0], [0, 1], [0, 1]])
    count("lesion_dice", [[3, 6], [0, 0], [2, 5], [0, 0]])
    count("foreign_empty", [[0, 90], [0, 0], [0, 0], [0, 0]])  # has no say
    score = float(validation_score(names, totals))
    assert score == pytest.approx(((0.9 + 0.8) / 2 + 0.6 + (0.5 + 0.4) / 2 + 29 / 32) / 4)
