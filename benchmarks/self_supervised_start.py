"""A start for EfficientNet-Lite from CT slices whose labels nobody reads.

    D=../shared/data; python benchmarks/self_supervised_start.py $D/covid-ct $D/lung-masks/images \\
        $D/medseg-98/images --names $D/covid-ct/Data-split/*/trainCT* --out start.safetensors

SimSiam (Chen & He 2021): two looks of one lung crop, drawn as the augmentation ``style`` draws
them, are to be alike behind the network, so that what it sees is the slice and not its window,
sharpness or file. ``--out`` is a start for ``--model.pretrained`` of train_cls; the same command
goes on after an interruption. Slices that a result is to be measured on do not belong in it:
``--names`` takes the lists of a split, for the first folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
import timm
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from covidcls.data.dataset import SeenPictures
from covidcls.data.mask_cache import MaskCache
from covidcls.data.pictures import LabelledPicture
from covidcls.views.view import View
from covidcls.zoo import architecture
from lungseg.allocator import keep_freed_memory
from lungseg.augmentation import style_augmentation
from lungseg.errors import UsageError
from lungseg.io import find_inputs
from lungseg.networks.pretrained import pretrained_network
from lungseg.optimiser import adamw
from lungseg.precision import DepthwiseInFloat32
from lungseg.segmenter import LungSegmenter
from lungseg.tensors import channels_first, normalise
from pipelines.choice import Choice
from pipelines.command import CommandParser, ExitCode, run_command, say
from pipelines.training_cli import fast_precision

VIEW = View("crop", -15, "lung")  # that of the shipped default
PROJECTED = 1024
BOTTLENECK = 256
WORKERS = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write one file of weights; the exit code."""
    parser = CommandParser(description=__doc__, prog="self_supervised_start.py")
    add = parser.add_argument
    add("folders", type=Path, nargs="+", metavar="FOLDER")
    add("--names", type=Path, nargs="*", default=[], metavar="FILE", help="of the first folder")
    add("--arch", default="tf_efficientnet_lite0")
    add("--start", default="package", help="as --model.pretrained of train_cls (%(default)s)")
    add("--size", type=int, default=160)
    add("--epochs", type=int, default=30)
    add("--batch-size", type=int, default=64)
    add("--learning-rate", type=float, default=5e-4)
    add("--seed", type=int, default=1)
    add("--out", type=Path, required=True, metavar="FILE")
    given = parser.parse_args(arguments)
    return run_command(lambda: _train(given), hint="the same command goes on")


def _train(given: argparse.Namespace) -> ExitCode:
    keep_freed_memory()
    lightning.seed_everything(given.seed, verbose=False)
    first, *others = given.folders
    files = Choice(tuple(given.names)).of(find_inputs(first).files)
    files += [file for folder in others for file in find_inputs(folder).files]
    if len(files) < given.batch_size:
        raise UsageError(f"{len(files)} slices make no batch of {given.batch_size}: give more")
    looks = TwoLooks(files, given.size)
    say(f"{len(looks)} slices, {looks.seen.lungless} of them without lungs found")
    module = TwoLooksAlike(given.arch, given.start, given.learning_rate)
    runs = given.out.with_suffix(".runs")
    trainer = lightning.Trainer(
        max_epochs=given.epochs,
        precision=fast_precision(),
        default_root_dir=runs,
        callbacks=[ModelCheckpoint(runs, save_last=True)],
        log_every_n_steps=1,
    )
    loader = DataLoader(looks, given.batch_size, shuffle=True, drop_last=True, num_workers=WORKERS)
    last = runs / "last.ckpt"
    trainer.fit(module, loader, ckpt_path=last if last.is_file() else None, weights_only=False)
    save_file({k: v.contiguous() for k, v in module.network.state_dict().items()}, given.out)
    say(f"wrote {given.out}")
    return ExitCode.DONE


class TwoLooks(Dataset[tuple[Tensor, Tensor]]):
    """Of each slice two pictures S x S, float32 in [0, 1], drawn anew each time."""

    def __init__(self, files: Sequence[Path], size: int) -> None:
        cache = MaskCache(LungSegmenter.from_checkpoint(device="cpu"))
        pictures = [LabelledPicture(file, 0, "") for file in files]
        self.seen = SeenPictures(pictures, cache, VIEW, size, augmented=True)
        self.compose = style_augmentation(size)

    def __len__(self) -> int:
        return len(self.seen.roomy)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self._look(index), self._look(index)

    def _look(self, index: int) -> Tensor:
        self.compose.set_random_seed(int(torch.randint(2**31 - 1, ())))
        drawn = self.compose(image=self.seen.roomy[index])["image"]
        return torch.from_numpy(channels_first(drawn)).float() / 255


class TwoLooksAlike(lightning.LightningModule):
    """SimSiam: what is predicted from one look is to be the other's projection, which is held."""

    def __init__(self, arch: str, start: str, learning_rate: float) -> None:
        super().__init__()
        self.entry, self.learning_rate = architecture(arch), learning_rate
        network: Any = (
            timm.create_model(arch) if start == "none" else pretrained_network(arch, start)
        )
        self.network = network
        width = int(network.num_features)
        self.projector = nn.Sequential(
            *_layer(width, PROJECTED),
            *_layer(PROJECTED, PROJECTED),
            nn.Linear(PROJECTED, PROJECTED, bias=False),
            nn.BatchNorm1d(PROJECTED, affine=False),
        )
        self.predictor = nn.Sequential(
            *_layer(PROJECTED, BOTTLENECK), nn.Linear(BOTTLENECK, PROJECTED)
        )

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        pictures = normalise(torch.cat(batch), self.entry.mean, self.entry.std)
        with DepthwiseInFloat32():
            pictures = pictures.contiguous(memory_format=torch.channels_last)
            features = self.network.forward_head(
                self.network.forward_features(pictures), pre_logits=True
            )
        projected = [self.projector(part) for part in features.float().chunk(2)]
        likeness = [
            functional.cosine_similarity(self.predictor(one), other.detach()).mean()
            for one, other in (projected, projected[::-1])
        ]
        # 1 / sqrt(PROJECTED) where slices differ in all directions, 0 where all have become one
        spread = functional.normalize(projected[0].float()).std(dim=0).mean()
        self.log_dict({"likeness": likeness[0], "spread": spread}, prog_bar=True)
        return -torch.stack(likeness).mean()

    def configure_optimizers(self) -> Any:
        return adamw(self, self.learning_rate, 0.02, "one_cycle")


def _layer(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]


if __name__ == "__main__":
    raise SystemExit(main())
