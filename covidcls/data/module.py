"""Labelled CT pictures for Lightning: COVID-CT's official split, or class folders."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import lightning
from torch.utils.data import DataLoader

from covidcls.data.dataset import ClassifierSlices, RegionViews, Sample
from covidcls.data.mask_cache import MaskCache
from covidcls.data.pictures import (
    LabelledPicture,
    Part,
    divide,
    read_class_folders,
    read_covid_ct,
    split_sha256,
)
from lungseg.errors import UsageError
from lungseg.regions import DEFAULT_MARGIN, Region
from lungseg.segmenter import LungSegmenter


class CovidDataModule(lightning.LightningDataModule):
    """Pictures with labels, seen through a region.

    Args:
        data_dir: ``covid-ct`` as published, or a folder of class folders.
        layout: ``covid-ct`` (its own split) or ``folders`` (split by patient, where known).
        positive: with ``folders``, the class of COVID-19.
        val_share, split_seed: with ``folders``, how validation is drawn.
        region, margin: what stage 2 sees; see :func:`lungseg.regions.region_of`.
        segmenter: name or path of stage-1 weights; None is the default of ``weights_dir``.
        weights_dir: folder of weights; None is the shipped one.
        cache_dir: where masks are kept; None is the user's cache folder.
        size: side of the network's input in pixels.
        augmentation: ``paper`` (scale 0.1, rotation 5 degrees, flip) or ``figure`` (the look of a
            print too).
        workers: processes that augment.
    """

    def __init__(
        self,
        data_dir: str = "../shared/data/covid-ct",
        layout: Literal["covid-ct", "folders"] = "covid-ct",
        positive: str = "COVID",
        val_share: float = 0.2,
        split_seed: int = 0,
        region: Region = "crop",
        margin: int = DEFAULT_MARGIN,
        segmenter: str | None = None,
        weights_dir: str | None = None,
        cache_dir: str | None = None,
        size: int = 224,
        batch_size: int = 16,
        augmentation: Literal["paper", "figure"] = "paper",
        workers: int = 1,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.data_dir, self.layout, self.positive = Path(data_dir), layout, positive
        self.val_share, self.split_seed = val_share, split_seed
        self.region: Region = region
        self.margin, self.size, self.batch_size = margin, size, batch_size
        self.segmenter, self.weights_dir, self.cache_dir = segmenter, weights_dir, cache_dir
        self.augmentation, self.workers = augmentation, workers
        self.segmenter_name = ""
        self.segmenter_sha256 = ""
        self.pictures: dict[Part, list[LabelledPicture]] = {}
        self.views: dict[Part, RegionViews] = {}

    def setup(self, stage: str | None = None) -> None:
        """Read train and validation once; the test files only for ``stage`` ``test``.

        Raises UsageError when files of a part that is read are absent, and for the test split of
        class folders, which have none.
        """
        wanted: tuple[Part, ...] = ("train", "val", "test") if stage == "test" else ("train", "val")
        if "test" in wanted and self.layout != "covid-ct":
            raise UsageError("class folders have no test split; leave --test false")
        for part in wanted:
            if part not in self.views:
                self.read(part)

    def read(self, part: Part) -> None:
        """Read one part and find its lungs.

        Raises UsageError when files of it are absent, or it does not have both classes.
        """
        if self.layout == "covid-ct":
            self.pictures[part] = read_covid_ct(self.data_dir, part)
        else:
            every = read_class_folders(self.data_dir, self.positive)
            self.pictures[part] = divide(every, self.val_share, self.split_seed)[part]
        if len(set(self.labels(part))) < 2:
            raise UsageError(
                f"the {part} part of {self.data_dir} has {len(self.pictures[part])} pictures, and "
                "not of both classes; give more, or with --data.layout folders another "
                "--data.split_seed or --data.val_share"
            )
        name = self.segmenter
        folder = None if self.weights_dir is None else Path(self.weights_dir)
        segmenter = LungSegmenter.from_checkpoint(name, folder)
        self.segmenter_name, self.segmenter_sha256 = segmenter.name, segmenter.sha256
        cache = MaskCache(segmenter, None if self.cache_dir is None else Path(self.cache_dir))
        self.views[part] = RegionViews(
            self.pictures[part], cache, self.region, self.margin, self.size
        )

    def labels(self, part: Part) -> list[int]:
        """1 for COVID-19, 0 for not, in the order of ``pictures``."""
        return [picture.label for picture in self.pictures[part]]

    def split_sha256(self) -> str:
        """Hash of who is in which part."""
        return split_sha256((part, p) for part, ps in self.pictures.items() for p in ps)

    def train_dataloader(self) -> DataLoader[Sample]:
        """Augmented, shuffled."""
        from lungseg.augmentation import figure_augmentation, paper_augmentation

        make = paper_augmentation if self.augmentation == "paper" else figure_augmentation
        return DataLoader(
            ClassifierSlices(self.views["train"], self.labels("train"), make(self.size)),
            batch_size=self.batch_size,
            shuffle=True,
            drop_last=True,  # batch normalisation breaks on a last batch of one
            num_workers=self.workers,
        )

    def val_dataloader(self) -> DataLoader[Sample]:
        """As the classifier sees them in use, in order."""
        return DataLoader(
            ClassifierSlices(self.views["val"], self.labels("val")), batch_size=self.batch_size
        )
