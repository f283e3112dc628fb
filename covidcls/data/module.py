"""Labelled CT pictures for Lightning: COVID-CT's official split, class folders, or several sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, cast

import lightning
from torch import nn
from torch.utils.data import DataLoader, WeightedRandomSampler

from covidcls.data.dataset import ClassifierSlices, Sample, SeenPictures
from covidcls.data.folds import cached_folds
from covidcls.data.mask_cache import MaskCache, default_cache
from covidcls.data.pictures import LabelledPicture, Layout, Part, paths_of, split_sha256
from covidcls.data.sampling import balanced_weights
from covidcls.data.soft_labels import SoftLabels, soften
from covidcls.data.sources import Division, Source, common_folder, read_sources
from covidcls.views.view import Channels, Decoding, Normalise, View
from lungseg.errors import UsageError
from lungseg.regions import DEFAULT_MARGIN, Region
from lungseg.segmenter import LungSegmenter


class CovidDataModule(lightning.LightningDataModule):
    """Pictures with labels, seen through a region.

    Args:
        data_dir: ``covid-ct`` as published, or a folder of class folders.
        layout: ``covid-ct`` (its own split) or ``folders`` (split as they lie in train/, val/ and
            test/, else by patient, where known).
        positive: with ``folders``, the class of COVID-19.
        sources: several data sets instead of these three, each with folder, layout, positive and
            patients.
        val_share, split_seed: with ``folders``, how validation is drawn.
        fold: number, from 0, of the fold that validates instead; patients, papers and copies stay
            together, and of COVID-CT train and validation are divided anew. None for no folds.
        folds: how many folds ``split_seed`` draws.
        everything: train on validation too. Then validation judges what was learned by heart, and
            only :mod:`covidcls.ablation.refit` makes a card of it, by what folds say.
        region, margin: what stage 2 sees; see :func:`lungseg.regions.region_of`.
        normalise: ``none``, or ``lung`` for greys by lung and soft tissue instead of by window.
        decoding: ``display``, or ``neutral`` for small, blurred pictures without a file's history;
            training adds noise of JPEG.
        channels: ``grey``, or ``lesion`` for grey, lungs and probability of lesion.
        fusion: whether the export puts the network's logit and what stage 1 sees in the lesions
            together.
        segmenter: name or path of stage-1 weights; None is the default of ``weights_dir``.
        weights_dir: folder of weights; None is the shipped one.
        cache_dir: where masks and folds are kept; None is the user's cache folder.
        size: side of the network's input in pixels.
        sampling: ``shuffle``, or ``balanced`` for sources, labels and patients drawn alike.
        augmentation: ``paper`` (scale 0.1, rotation 5 degrees, flip), ``figure`` (the look of a
            print too) or ``style`` (any look).
        soft_labels: CSV files with what other classifiers say of the pictures to learn, see
            :func:`covidcls.data.soft_labels.soften`. A teacher that has learned validation, or
            another set that judges, passes its labels on; in folds each has, so they are refused.
        soft_share: how much of a label they have.
        workers: processes that augment.
    """

    def __init__(
        self,
        data_dir: str = "../shared/data/covid-ct",
        layout: Layout = "covid-ct",
        positive: str = "COVID",
        sources: list[Source] | None = None,
        val_share: float = 0.2,
        split_seed: int = 0,
        fold: int | None = None,
        folds: int = 5,
        everything: bool = False,
        region: Region = "crop",
        margin: int = DEFAULT_MARGIN,
        normalise: Normalise = "none",
        decoding: Decoding = "display",
        channels: Channels = "grey",
        fusion: bool = False,
        segmenter: str | None = None,
        weights_dir: str | None = None,
        cache_dir: str | None = None,
        size: int = 224,
        batch_size: int = 16,
        sampling: Literal["shuffle", "balanced"] = "shuffle",
        augmentation: Literal["paper", "figure", "style"] = "paper",
        soft_labels: list[str] | None = None,
        soft_share: float = 0.5,
        workers: int = 1,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if fold is not None and not 0 <= fold < folds:
            raise UsageError(
                f"there is no fold {fold} of {folds}; give --data.fold 0 to {folds - 1}"
            )
        if fold is not None and everything:
            raise UsageError("a fold is kept back, and everything is not; give one of the two")
        if soft_labels and (fold is not None or everything):
            raise UsageError(
                "soft labels are not learned in folds: the teacher of each has learned the others, "
                "and its labels carry theirs; train on one split, which no teacher has learned"
            )
        self.sources = sources or [Source(data_dir, layout, positive)]
        self.data_dir = common_folder(self.sources)
        self.val_share, self.split_seed, self.fold, self.folds = val_share, split_seed, fold, folds
        self.everything = everything
        self.view = View(region, margin, normalise, decoding, channels, fusion)
        self.size, self.batch_size = size, batch_size
        self.segmenter, self.weights_dir = segmenter, weights_dir
        self.cache_dir = default_cache() if cache_dir is None else Path(cache_dir)
        self.sampling, self.augmentation, self.workers = sampling, augmentation, workers
        self.tables = [Path(table) for table in soft_labels or ()]
        self.soft_share = soft_share
        self.softened: SoftLabels | None = None
        self.segmenter_name = ""
        self.segmenter_sha256 = ""
        self.segmenter_licence: str | None = None
        self.decoded_findings = 0  # how many features its decoder has
        self.pictures: dict[Part, list[LabelledPicture]] = {}
        self.views: dict[Part, SeenPictures] = {}

    def setup(self, stage: str | None = None) -> None:
        """Read train and validation once; the test files only for ``stage`` ``test``.

        Raises UsageError when files of a part that is read are absent, and for the test split of
        class folders that have none.
        """
        wanted: tuple[Part, ...] = ("train", "val", "test") if stage == "test" else ("train", "val")
        if "test" in wanted:  # told before lungs are looked for
            read_sources(self.sources, "test", self.division())
        for part in wanted:
            if part not in self.views:
                self.read(part)

    def read(self, part: Part) -> None:
        """Read one part and find its lungs.

        Raises UsageError when files of it are absent, a source does not have both classes in it, or
        ``soft_labels`` are not of these pictures.
        """
        self.pictures[part] = read_sources(self.sources, part, self.division())
        for source in self.sources:
            labels = [one.label for one in self.pictures[part] if one.source == source.name]
            if len(set(labels)) < 2:
                raise UsageError(
                    f"the {part} part of {source.folder} has {len(labels)} pictures, and not of "
                    "both classes; give more, or with --data.layout folders another "
                    "--data.split_seed or --data.val_share"
                )
        if self.tables and part == "train":
            paths = paths_of(self.pictures[part], self.data_dir)
            self.softened = soften(self.labels(part), paths, self.tables, self.soft_share)
        folder = None if self.weights_dir is None else Path(self.weights_dir)
        segmenter = LungSegmenter.from_checkpoint(self.segmenter, folder)
        self.segmenter_name, self.segmenter_sha256 = segmenter.name, segmenter.sha256
        self.segmenter_licence = segmenter.card.get("licence")
        if self.view.lesions and segmenter.has_findings:
            self.decoded_findings = int(cast(nn.Conv2d, segmenter.network.masks).in_channels)
        cache = MaskCache(segmenter, self.cache_dir)
        self.views[part] = SeenPictures(
            self.pictures[part], cache, self.view, self.size, augmented=part == "train"
        )

    def division(self) -> Division:
        """How its pictures are divided into train and validation."""
        return Division(self.val_share, self.split_seed, self.fold, self._folds, self.everything)

    def _folds(self, root: Path, pictures: Any) -> list[int]:
        return cached_folds(root, pictures, self.folds, self.split_seed, self.cache_dir)

    def labels(self, part: Part) -> list[int]:
        """1 for COVID-19, 0 for not, in the order of ``pictures``."""
        return [picture.label for picture in self.pictures[part]]

    def split(self) -> str:
        """In words, how validation was divided from training."""
        if self.everything:
            return "none: validation is what was trained on"
        if self.fold is not None:
            return f"fold {self.fold} of {self.folds}, seed {self.split_seed}"
        as_they_lie = {one.source for one in self.pictures.get("val", ()) if one.part}
        ways = [
            "official"
            if source.layout == "covid-ct"
            else "as the folders"
            if source.name in as_they_lie
            else f"seed {self.split_seed}"
            for source in self.sources
        ]
        return ", ".join(dict.fromkeys(ways))

    def split_sha256(self) -> str:
        """Hash of who is in which part."""
        return split_sha256((part, p) for part, ps in self.pictures.items() for p in ps)

    def train_dataloader(self) -> DataLoader[Sample]:
        """Augmented, shuffled."""
        from lungseg import augmentation

        make = {
            "paper": augmentation.paper_augmentation,
            "figure": augmentation.figure_augmentation,
            "style": augmentation.style_augmentation,
        }[self.augmentation]
        compose = make(self.size)
        if self.view.decoding == "neutral":
            compose = augmentation.with_jpeg_noise(compose)
        sampler = None
        if self.sampling == "balanced":
            weights = balanced_weights(self.pictures["train"])
            sampler = WeightedRandomSampler(weights, len(weights))
        return DataLoader(
            self._slices("train", augmentation.with_smooth_masks(compose)),
            batch_size=self.batch_size,
            shuffle=sampler is None,
            sampler=sampler,
            drop_last=True,  # batch normalisation breaks on a last batch of one
            num_workers=self.workers,
        )

    def val_dataloader(self) -> DataLoader[Sample]:
        """As the classifier sees them in use, in order."""
        return DataLoader(self._slices("val"), batch_size=self.batch_size)

    def _slices(self, part: Part, compose: Any | None = None) -> ClassifierSlices:
        number = {source.name: index for index, source in enumerate(self.sources)}
        sources = [number[picture.source] for picture in self.pictures[part]]
        soft = self.softened if part == "train" else None
        labels = soft.labels if soft else self.labels(part)
        return ClassifierSlices(self.views[part], labels, sources, compose)
