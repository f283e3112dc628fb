"""Sheets of pictures of a training of stage 1: what the network is fed, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray

from lungseg import drawing
from lungseg.data.dataset import Sample, ValidationSlices
from lungseg.drawing import Colour, Picture
from lungseg.metrics import dice
from lungseg.training_report import TrainingReport
from lungseg.whole_file import write_whole

TRAINING_PICTURES = 24
PER_SOURCE = 2  # validation slices
COLUMNS, SIDE, GAP = 6, 256, 4  # of tiles; pixels of a picture and beside it
LONGEST = 28  # characters of a name that fit beside its Dice

Masks = NDArray[np.bool_]

TRAINING_KEY = {"lung": drawing.LUNG, "lesion": drawing.LESION}
VALIDATION_KEY = {"true": drawing.TRUE, "lung found": drawing.LUNG, "lesion found": drawing.LESION}


class SampleSheets(TrainingReport):
    """``samples/training.png`` once, ``samples/epoch-NN.png`` at each validation.

    The first has 24 draws of the training data as the network gets them; the others the same few
    slices of each validation source with true and found outlines, and the Dice of the lungs.
    """

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        if trainer.is_global_zero:
            self.attempt(lambda: self._draw_training(trainer))

    def on_validation_batch_start(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        # Not after the last batch: a callback that averages weights has taken them back by then.
        if batch_idx or dataloader_idx or trainer.sanity_checking or not trainer.is_global_zero:
            return
        self.attempt(lambda: self._draw_validation(trainer, pl_module))

    def _draw_training(self, trainer: lightning.Trainer) -> None:
        if not trainer.global_step:
            for old in (self.folder / "samples").glob("epoch-*.png"):
                old.unlink()  # of a run that this one replaces
        loader: Any = trainer.train_dataloader
        with torch.random.fork_rng(devices=[]):  # the training draws the same with and without
            samples: list[Sample] = [loader.dataset[i] for i in range(TRAINING_PICTURES)]
        tiles = [drawing.tile(_drawn(one, _masks(one)), SIDE, SIDE + GAP) for one in samples]
        self._write("training", tiles, TRAINING_KEY)

    def _draw_validation(
        self, trainer: lightning.Trainer, module: lightning.LightningModule
    ) -> None:
        loaders: Any = trainer.val_dataloaders
        chosen = [pair for loader in loaders for pair in _spread(loader.dataset)]
        grey = torch.stack([sample["picture"] for _, sample in chosen]).to(module.device)
        with torch.no_grad():
            found = (module(grey.float() / 255).masks > 0).cpu().numpy()
        tiles = []
        for (name, sample), masks in zip(chosen, found, strict=True):
            true = _masks(sample)
            words = f"{drawing.ending(name, LONGEST)}  {dice(masks[0], true[0]):.3f}"
            tiles.append(drawing.tile(_drawn(sample, masks, true), SIDE, SIDE + GAP, words))
        self._write(f"epoch-{trainer.current_epoch:02d}", tiles, VALIDATION_KEY)

    def _write(self, name: str, tiles: Sequence[Picture], key: Mapping[str, Colour]) -> None:
        folder = self.folder / "samples"
        folder.mkdir(parents=True, exist_ok=True)
        drawn = drawing.sheet(tiles, min(COLUMNS, len(tiles)))
        whole = np.vstack([drawn, drawing.line(drawn.shape[1], key)])
        write_whole(folder / f"{name}.png", drawing.encode(whole))


def _spread(dataset: ValidationSlices) -> list[tuple[str, Sample]]:
    """Name and sample of PER_SOURCE slices, evenly spread over a source."""
    places = {len(dataset) * (2 * n + 1) // (2 * PER_SOURCE) for n in range(PER_SOURCE)}
    return [(dataset.slices[i].name, dataset[i]) for i in sorted(places) if i < len(dataset)]


def _masks(sample: Sample) -> Masks:
    return np.asarray(sample["masks"].numpy() > 0)


def _drawn(sample: Sample, masks: Masks, true: Masks | None = None) -> Picture:
    """The slice with the outlines of ``masks`` over those of ``true``, C x H x W each."""
    picture = drawing.fit(sample["picture"].numpy() / 255, SIDE)
    for mask in true if true is not None else ():
        drawing.outline(picture, mask, drawing.TRUE)
    for mask, colour in zip(masks, drawing.MASKS, strict=False):  # lesions may be left out
        drawing.outline(picture, mask, colour)
    return picture
