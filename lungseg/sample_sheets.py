"""Sheets of pictures of a training of stage 1: what the network is fed, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import lightning
import numpy as np
import torch
from numpy.typing import NDArray

from lungseg.data.dataset import Sample, ValidationSlices
from lungseg.metrics import dice
from lungseg.training_report import TrainingReport
from lungseg.whole_file import write_whole

TRAINING_PICTURES = 24
PER_SOURCE = 2  # validation slices
SIDE, BAND, GAP = 256, 18, 4  # pixels of a picture, of the words below it, and beside it
COLUMNS = 6

Picture = NDArray[np.uint8]
Masks = NDArray[np.bool_]
Colour = tuple[int, int, int]

# Blue, green, red; after Okabe & Ito 2008, for the colour-blind. Lung, then lesion.
TRUE: tuple[Colour, ...] = ((150, 230, 0), (255, 190, 86))
FOUND: tuple[Colour, ...] = ((66, 228, 240), (60, 110, 255))
KEY = (("lung", TRUE[0]), ("lesion", TRUE[1]), ("lung found", FOUND[0]), ("lesion found", FOUND[1]))


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
        tiles = [_tile(one["picture"].numpy(), [(_masks(one), TRUE)]) for one in samples]
        self._write("training", tiles, KEY[:2])

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
            words = f"{name[-28:]}  {dice(masks[0], true[0]):.3f}"
            outlines = [(true, TRUE), (masks, FOUND)]
            tiles.append(_tile(sample["picture"].numpy(), outlines, words))
        self._write(f"epoch-{trainer.current_epoch:02d}", tiles, KEY)

    def _write(
        self, name: str, tiles: Sequence[Picture], key: Sequence[tuple[str, Colour]]
    ) -> None:
        folder = self.folder / "samples"
        folder.mkdir(parents=True, exist_ok=True)
        _, content = cv2.imencode(".png", _sheet(tiles, key))
        write_whole(folder / f"{name}.png", content.tobytes())


def _spread(dataset: ValidationSlices) -> list[tuple[str, Sample]]:
    """Name and sample of PER_SOURCE slices, evenly spread over a source."""
    places = {len(dataset) * (2 * n + 1) // (2 * PER_SOURCE) for n in range(PER_SOURCE)}
    return [(dataset.slices[i].name, dataset[i]) for i in sorted(places) if i < len(dataset)]


def _masks(sample: Sample) -> Masks:
    return np.asarray(sample["masks"].numpy() > 0)


def _tile(
    picture: Picture, outlines: Sequence[tuple[Masks, Sequence[Colour]]], words: str = ""
) -> Picture:
    """A grey H x W ``picture`` with the outlines of masks C x H x W, a colour each, and words."""
    shape = (SIDE, SIDE)
    grey = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA)
    tile = np.zeros((SIDE + BAND, SIDE + GAP, 3), np.uint8)
    drawn = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    for masks, colours in outlines:
        for mask, colour in zip(masks, colours, strict=False):  # lesions may be left out
            large = cv2.resize(mask.astype(np.uint8), shape, interpolation=cv2.INTER_NEAREST)
            lines, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(drawn, lines, -1, colour, 1)
    tile[:SIDE, :SIDE] = drawn
    _say(tile, words, (4, SIDE + 13))
    return tile


def _sheet(tiles: Sequence[Picture], key: Sequence[tuple[str, Colour]]) -> Picture:
    """The tiles in rows of COLUMNS, and what the colours mean below them."""
    height, width = tiles[0].shape[:2]
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = np.zeros((rows * height + BAND, columns * width, 3), np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + height, left : left + width] = tile
    for number, (words, colour) in enumerate(key):
        _say(sheet, words, (4 + 100 * number, sheet.shape[0] - 5), colour)
    return sheet


def _say(
    picture: Picture, words: str, place: tuple[int, int], colour: Colour = (235, 235, 235)
) -> None:
    text = words.encode("ascii", "replace").decode()
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
