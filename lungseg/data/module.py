"""Lung masks of several sources for Lightning, split by patient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import lightning
from lightning.pytorch.utilities import rank_zero_info
from torch.utils.data import DataLoader

from lungseg.data.corrections import read_corrections
from lungseg.data.dataset import PHANTOM, Augmentation, Sample, TrainingSlices, ValidationSlices
from lungseg.data.pseudo import read_pseudo_folder
from lungseg.data.sources import (
    LESION,
    LUNG,
    MaskedSlice,
    read_foreign_folder,
    read_hu_folder,
    read_mask_folder,
    reformats,
)
from lungseg.data.split import read_split
from lungseg.data.stress import STRESS, stressed
from lungseg.errors import UsageError
from lungseg.framing import Framing
from lungseg.pseudo_labels import read_run

MAX_SIZE = 512  # pixels kept of a training picture, twice what the networks see


_KIND_OF = {
    "hu_offset": "hu",
    "corrections": "hu",
    "lesions_in": "hu",
    "body": "foreign",
    "labels": "pseudo",
}  # options that one kind of source alone has


@dataclass(frozen=True)
class ExtraSource:
    """A further source of slices beside the main one.

    ``kind``: ``masks`` (the layout of the main set), ``hu`` (16-bit, masks by threshold),
    ``foreign`` (no lung) or ``pseudo`` (any pictures, with ``labels``: the folder that
    ``pipelines.pseudo_label`` wrote of them). ``share``: of the draws. Of its patients each
    ``hold_out``-th is validation, with 0 none of them: pseudo-labels are no truth to choose by.
    ``exclude``: stems (of ``pseudo`` also paths) left out; ``corrections``: a JSON file of changes
    to threshold masks (see :func:`read_corrections`); ``lesions_in``: stems of ``hu`` that may show
    lesions, all others show none; ``body``: folders of body CT without chest.
    """

    folder: str
    kind: Literal["masks", "hu", "foreign", "pseudo"]
    share: float
    hu_offset: float = 1024.0
    hold_out: int = 5
    exclude: list[str] = field(default_factory=list)
    corrections: str = ""
    lesions_in: list[str] | None = None
    body: list[str] = field(default_factory=list)
    labels: str = ""

    def check(self) -> None:
        """Raise UsageError for options that go with no data."""
        if self.hold_out == 1 or self.hold_out < 0:
            raise UsageError(
                f"hold_out {self.hold_out} leaves nothing of {self.folder} to train on; "
                "give 2 or more, or 0 to hold out none"
            )
        if not 0 <= self.share < 1:
            raise UsageError(
                f"a share of {self.share:g} cannot be of {self.folder}; give 0 to below 1"
            )
        if self.kind == "pseudo" and not self.labels:
            raise UsageError(
                f"the source {self.folder} of kind pseudo has no labels; give the folder of them"
            )
        bare = ExtraSource(self.folder, self.kind, self.share)
        for option, kind in _KIND_OF.items():
            if kind != self.kind and getattr(self, option) != getattr(bare, option):
                raise UsageError(
                    f"the source {self.folder} of kind {self.kind} has {option}, which only one "
                    f"of kind {kind} may have"
                )

    def read(self, data_dir: Path) -> list[MaskedSlice]:
        """All slices of the source."""
        root = data_dir / self.folder
        if self.kind == "masks":
            return read_mask_folder(root, MAX_SIZE, self.folder)
        if self.kind == "hu":
            steps = read_corrections(Path(self.corrections)) if self.corrections else {}
            return read_hu_folder(
                root, MAX_SIZE, self.folder, self.hu_offset, steps, self.lesions_in
            )
        if self.kind == "pseudo":
            return read_pseudo_folder(root, Path(self.labels), MAX_SIZE, self.folder, self.exclude)
        return read_foreign_folder(root, MAX_SIZE, self.folder, self.body)

    def parts(self, data_dir: Path) -> tuple[list[MaskedSlice], list[MaskedSlice]]:
        """Slices to train on and of validation, without the excluded ones.

        Who is validation does not depend on ``exclude``, so that figures before and after a look
        at the slices are of the same patients. Raises UsageError for an excluded name that is no
        slice's.
        """
        slices = self.read(data_dir)
        patients = sorted({one.patient for one in slices})
        held_out = set(patients[self.hold_out - 1 :: self.hold_out]) if self.hold_out else set()
        if self.kind != "pseudo":  # whose reader knows paths too, and copies
            unknown = set(self.exclude) - {one.stem for one in slices}
            if unknown:
                raise UsageError(
                    f"{self.folder} has no slice {', '.join(sorted(unknown))} to exclude"
                )
            slices = [one for one in slices if one.stem not in self.exclude]
        train = [one for one in slices if one.patient not in held_out]
        return train, [one for one in slices if one.patient in held_out]


class LungMaskDataModule(lightning.LightningDataModule):
    """``images/`` + ``lung_masks/`` + ``slices.csv``, split by patient, with further sources.

    Args:
        data_dir: folder of the sets.
        folder: the main set in it.
        split: JSON file with the patients of validation and test.
        extra: further sources; what the main set and they leave of 1 is the main set's share.
        phantom_share: share of synthetic slices, drawn anew each time.
        reformat_share: share of projections and coronal and sagittal views of the main set's
            training volumes, as pictures that are no axial CT.
        stress: validate on other looks of the validation slices too (:mod:`lungseg.data.stress`).
        classes: 1 lung, 2 lung and lesion.
        gas: share of the slices below the diaphragm, as drawn from others, that hold bowel gas.
        framing: what the network sees of a slice, ``whole`` or ``content`` (without dark borders).
        size: side of the network's input in pixels, a multiple of 32.
        slices_per_epoch: draws that make an epoch; 0 is the size of the main training set.
        workers: processes that read and augment.
    """

    def __init__(
        self,
        data_dir: str = "../shared/data",
        folder: str = "lung-masks",
        split: str = "configs/splits/lung-masks.json",
        extra: list[ExtraSource] | None = None,
        phantom_share: float = 0.0,
        reformat_share: float = 0.0,
        stress: bool = False,
        gas: float = 0.0,
        classes: int = 2,
        framing: Framing = "whole",
        size: int = 256,
        slices_per_epoch: int = 0,
        batch_size: int = 16,
        augmentation: Augmentation = "strong",
        workers: int = 1,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if size % 32:
            raise UsageError(f"the input size must be a multiple of 32, not {size}")
        self.data_dir, self.folder = Path(data_dir), folder
        self.split = read_split(Path(split))
        self.extra: Sequence[ExtraSource] = extra or []
        for source in self.extra:
            source.check()
        self.phantom_share, self.reformat_share = phantom_share, reformat_share
        self.stress, self.framing, self.gas = stress, framing, gas
        self.classes, self.size = classes, size
        self.slices_per_epoch, self.batch_size = slices_per_epoch, batch_size
        self.augmentation: Augmentation = augmentation
        self.workers = workers
        self.train: dict[str, list[MaskedSlice]] = {}
        self.val: dict[str, list[MaskedSlice]] = {}
        self.test: list[MaskedSlice] = []
        self.pseudo_labels: dict[str, dict[str, Any]] = {}

    def setup(self, stage: str | None = None) -> None:
        """Read every source once.

        Raises UsageError when files are missing or not those of the split, and for an empty part,
        that of held-out patients only for ``stage`` ``test``.
        """
        if stage == "test" and not self.split.test:
            raise UsageError(
                f"the split {self.split.data!r} holds nobody back for a test; leave --test false"
            )
        if self.train:
            return
        parts: dict[str, list[MaskedSlice]] = defaultdict(list)
        main = read_mask_folder(self.data_dir / self.folder, MAX_SIZE, self.folder)
        inside = len(self.folder) + 1  # names start with the folder and a slash
        pairs = [(one.name[inside:], one.patient[inside:]) for one in main]
        self.split.check(pairs)
        for one, (_, patient) in zip(main, pairs, strict=True):
            parts[self.split.part(patient)].append(one)
        self.train[self.folder], self.val[self.folder] = parts["train"], parts["val"]
        self.test = parts["test"]
        for part in ("train", "val"):
            if not parts[part]:
                raise UsageError(f"the split {self.split.data!r} leaves no slice in {part}")
        for source in self.extra:
            self.train[source.folder], held_out = source.parts(self.data_dir)
            if held_out:
                self.val[source.folder] = held_out
            if source.kind == "pseudo":
                self.pseudo_labels[source.folder] = read_run(Path(source.labels))
                slices = self.train[source.folder]
                lesions = sum(one.known[LESION] for one in slices)
                rank_zero_info(
                    f"{source.folder}: {len(slices)} slices with pseudo-labels are taken, "
                    f"lesions known in {lesions}"
                )
        if self.reformat_share:
            self.train["reformats"] = reformats(self.train[self.folder])
            self.val["reformats"] = reformats(self.val[self.folder], every=60)
        if self.stress:
            self._add_stress()

    def _add_stress(self) -> None:
        """A validation source for each look, with slices of every source that has lung."""
        looks: dict[str, list[MaskedSlice]] = defaultdict(list)
        for slices in list(self.val.values()):
            if any(one.masks[..., LUNG].any() for one in slices):
                for look, changed in stressed(slices, every=max(1, len(slices) // 12)).items():
                    looks[f"{STRESS}{look}"] += changed
        self.val.update(looks)

    def split_sha256(self) -> str:
        """Of the split of the main source."""
        return self.split.sha256

    def plain_val(self) -> dict[str, list[MaskedSlice]]:
        """The validation sources without other looks: what mask thresholds are chosen on."""
        return {name: val for name, val in self.val.items() if not name.startswith(STRESS)}

    def shares(self) -> dict[str, float]:
        """Share of the draws by source."""
        shares = {source.folder: source.share for source in self.extra}
        if self.reformat_share:
            shares["reformats"] = self.reformat_share
        if self.phantom_share:
            shares[PHANTOM] = self.phantom_share
        rest = 1 - sum(shares.values())
        if rest <= 0:
            raise UsageError(f"the shares of the extra sources leave nothing for {self.folder}")
        return {self.folder: rest, **shares}

    def train_dataloader(self) -> DataLoader[Sample]:
        """Random draws of all sources."""
        dataset = TrainingSlices(
            self.train,
            self.shares(),
            self.slices_per_epoch or len(self.train[self.folder]),
            self.size,
            self.classes,
            self.augmentation,
            self.framing,
            self.gas,
        )
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            num_workers=self.workers,
            drop_last=True,  # batch normalisation breaks on a last batch of one
            persistent_workers=False,  # new workers get new seeds each epoch
        )

    def val_dataloader(self) -> list[DataLoader[Sample]]:
        """A loader for each source, in the order of ``val``."""
        return [self._once(slices) for slices in self.val.values()]

    def test_dataloader(self) -> DataLoader[Sample]:
        """The held-out patients of the main set."""
        return self._once(self.test)

    def _once(self, slices: Sequence[MaskedSlice]) -> DataLoader[Sample]:
        return DataLoader(
            ValidationSlices(slices, self.size, self.classes, self.framing),
            batch_size=self.batch_size,
        )
