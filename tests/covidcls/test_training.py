"""The Lightning module of stage 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from torch.utils.data import DataLoader

from covidcls.data.module import CovidDataModule
from covidcls.training import CovidModule, network_of
from lungseg.errors import UsageError

LITE = "tf_efficientnet_lite0"

TrainerOf = Callable[[Path], lightning.Trainer]


class FirstPixel(torch.nn.Module):
    """Stands for a network whose answers are known: the logit is the first pixel."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures[:, 0, 0, 0:1]


def test_covid_is_the_positive_class_of_every_figure(tmp_path: Path, trainer_of: TrainerOf) -> None:
    module = CovidModule(LITE)
    module.network = FirstPixel()
    # grey 0.5 is logit 0: two of three COVID slices called, one of four others
    grey = torch.tensor([0.9, 0.8, 0.1, 0.7, 0.3, 0.2, 0.05])
    items: list[Any] = [
        {
            "picture": value.expand(4, 4),
            "label": torch.tensor(float(n < 3)),
            "source": torch.tensor(0),
        }
        for n, value in enumerate(grey)
    ]
    (found,) = trainer_of(tmp_path).validate(module, DataLoader(items, batch_size=3), verbose=False)
    assert found["val/recall"] == pytest.approx(2 / 3)
    assert found["val/specificity"] == pytest.approx(3 / 4)
    assert found["val/precision"] == pytest.approx(2 / 3)
    assert found["val/f1"] == pytest.approx(2 / 3)
    assert found["val/accuracy"] == pytest.approx(5 / 7)
    assert found["val/auc"] == pytest.approx((4 + 4 + 1) / 12)


def test_the_epoch_is_chosen_by_the_mean_over_sources(
    tmp_path: Path, trainer_of: TrainerOf
) -> None:
    """Each source is told apart badly (1/2) and perfectly (1); pooled it would be 5/9."""
    module = CovidModule(LITE)
    module.network = FirstPixel()
    rows = [(0.1, 0, 0), (0.2, 1, 0), (0.3, 0, 0), (0.15, 1, 0), (0.6, 0, 1), (0.7, 1, 1)]
    items: list[Any] = [
        {
            "picture": torch.full((4, 4), grey),
            "label": torch.tensor(float(label)),
            "source": torch.tensor(source),
        }
        for grey, label, source in rows
    ]
    (found,) = trainer_of(tmp_path).validate(module, DataLoader(items, batch_size=4), verbose=False)
    assert found["val/auc"] == pytest.approx((1 / 2 + 1) / 2)


def test_a_state_loads_without_the_pretrained_file_and_remembers_it(
    covid_layout: Path, tiny_weights: Path, tmp_path: Path, trainer_of: TrainerOf
) -> None:
    import timm

    start = tmp_path / "start.pth"
    torch.save(timm.create_model(LITE, pretrained=False).state_dict(), start)
    module = CovidModule(LITE, pretrained=str(start), dropout=0.1, learning_rate=1e-3)
    data = CovidDataModule(
        str(covid_layout),
        weights_dir=str(tiny_weights),
        cache_dir=str(tmp_path),
        size=32,
        batch_size=6,
        workers=0,
    )
    trainer = trainer_of(tmp_path)
    trainer.fit(module, data)
    trainer.save_checkpoint(tmp_path / "state.ckpt")
    start.unlink()
    loaded, tensors = network_of(tmp_path / "state.ckpt")
    assert (loaded.arch, loaded.pretrained, loaded.learning_rate) == (LITE, str(start), 1e-3)
    assert loaded.network.drop_rate == 0.1
    assert all(torch.equal(tensors[k], v) for k, v in module.network.state_dict().items())


def test_smoothing_and_positive_weight_reach_the_loss() -> None:
    batch: Any = {"picture": torch.full((2, 8, 8), 0.9), "label": torch.tensor([1.0, 0.0])}

    def loss_of(**options: float) -> float:
        module = CovidModule(LITE, **options)  # type: ignore[arg-type]
        module.network = FirstPixel()
        module.log = lambda *_, **__: None  # type: ignore[assignment, method-assign]  # no trainer
        return float(module.training_step(batch, 0))

    right, wrong = (float(torch.nn.functional.softplus(torch.tensor(x))) for x in (-0.8, 0.8))
    assert loss_of() == pytest.approx((right + wrong) / 2)
    assert loss_of(positive_weight=3.0) == pytest.approx((3 * right + wrong) / 2)
    assert loss_of(label_smoothing=0.2) == pytest.approx(
        (0.9 * right + 0.1 * wrong + 0.1 * right + 0.9 * wrong) / 2
    )


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown architecture 'lite'"):
        CovidModule("lite")


def test_mixup_gives_the_loss_of_mixed_slices_and_labels() -> None:
    """With two slices and a known share the loss is the one worked out by hand."""
    module = CovidModule(LITE, mixup=0.4)
    module.network = FirstPixel()
    module.log = lambda *_, **__: None  # type: ignore[method-assign,assignment]  # no trainer here
    grey, labels = torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.0])
    batch: Any = {"picture": grey[:, None, None].expand(2, 4, 4), "label": labels}
    torch.manual_seed(3)
    found = float(module.training_step(batch, 0))
    torch.manual_seed(3)
    share = float(torch.distributions.Beta(0.4, 0.4).sample())
    order = torch.randperm(2)
    mixed = share * grey + (1 - share) * grey[order]  # the labels are mixed to the same values
    logits = (mixed - 0.5) / 0.5
    by_hand = -(mixed * torch.sigmoid(logits).log() + (1 - mixed) * torch.sigmoid(-logits).log())
    assert found == pytest.approx(float(by_hand.mean()), rel=1e-5)
