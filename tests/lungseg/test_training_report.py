"""Curves and sample sheets of real, tiny trainings, and that they never disturb one."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import cv2
import lightning
import numpy as np
import pytest
import torch

from lungseg.data.module import LungMaskDataModule
from lungseg.sample_sheets import SampleSheets
from lungseg.training import LungMaskModule
from lungseg.training_report import TrainingCurves, draw_curves


def fit(
    data: Path, folder: Path, reports: list[lightning.Callback], epochs: int = 1, **more: Any
) -> tuple[lightning.Trainer, LungMaskModule]:
    """Train ``epochs`` of two steps each; the same weights each time, but for ``reports``."""
    lightning.seed_everything(1, verbose=False)
    module = LungMaskModule(encoder="plain", widths=[2, 2], learning_rate=0.01)
    slices = LungMaskDataModule(
        str(data), "phantoms", str(data / "split.json"), size=64, batch_size=4, workers=0
    )
    trainer = lightning.Trainer(
        accelerator="cpu",
        callbacks=reports,
        default_root_dir=folder,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        limit_train_batches=2,
        logger=False,
        max_epochs=epochs,
    )
    trainer.fit(module, datamodule=slices, **more)
    return trainer, module


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_reports_leave_the_training_as_it_is(phantom_data: Path, tmp_path: Path) -> None:
    _, alone = fit(phantom_data, tmp_path, [])
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "epoch-07.png").write_text("of the run that this one replaces")
    reports = [TrainingCurves(tmp_path), SampleSheets(tmp_path)]
    _, watched = fit(phantom_data, tmp_path, reports)
    for name, weights in alone.state_dict().items():
        assert torch.equal(weights, watched.state_dict()[name]), name
    assert sorted(file.name for file in samples.iterdir()) == ["epoch-00.png", "training.png"]
    training, found = (cv2.imread(str(samples / f"{n}.png")) for n in ("training", "epoch-00"))
    assert training.shape[1] == 3 * found.shape[1]  # six columns, and one source of two slices
    assert cv2.imread(str(tmp_path / "curves.png")) is not None
    (row,) = reports[0].history
    assert row["epoch"] == 0
    assert {"train/loss", "val/phantoms/dice", "val/score"} <= row.keys()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_loss_is_the_mean_over_the_epoch(phantom_data: Path, tmp_path: Path) -> None:
    class Steps(lightning.Callback):
        """The loss of each step, as the training itself says it."""

        losses: list[float] = []

        def on_train_batch_end(self, *given: Any) -> None:
            self.losses.append(float(given[2]["loss"]))

    curves = TrainingCurves(tmp_path)
    fit(phantom_data, tmp_path, [curves, Steps()])
    assert len(Steps.losses) == 2
    assert curves.history[0]["train/loss"] == pytest.approx(np.mean(Steps.losses))


def test_what_cannot_be_drawn_is_told_once_and_the_training_goes_on(
    phantom_data: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "run"
    blocked.write_text("a file where the folder of the run should be")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        reports = [TrainingCurves(blocked), SampleSheets(blocked)]
        trainer, _ = fit(phantom_data, tmp_path, reports, epochs=2)
    assert trainer.current_epoch == 2
    said = [str(one.message) for one in told if "cannot draw" in str(one.message)]
    assert [words.split()[0] for words in said] == ["SampleSheets", "TrainingCurves"]
    assert all("the training goes on" in words for words in said)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_resumed_training_goes_on_with_its_curves(phantom_data: Path, tmp_path: Path) -> None:
    state = tmp_path / "last.ckpt"
    trainer, _ = fit(phantom_data, tmp_path, [TrainingCurves(tmp_path)])
    trainer.save_checkpoint(state)
    curves = TrainingCurves(tmp_path)
    fit(phantom_data, tmp_path, [curves], epochs=2, ckpt_path=str(state), weights_only=False)
    assert [row["epoch"] for row in curves.history] == [0, 1]


def test_figures_that_come_and_go_are_drawn() -> None:
    history = [
        {"epoch": 0, "train/loss": 1.0, "val/a/dice": 0.5},
        {"epoch": 1, "train/loss": float("nan"), "val/b/dice": 0.7, "val/loss": 2.0},
        {"epoch": 2, "val/a/dice": 0.6, "val/auc": 0.9},
    ]
    picture = cv2.imdecode(np.frombuffer(draw_curves(history), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.std() > 5
