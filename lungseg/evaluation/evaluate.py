"""A segmenter judged slice by slice on images with true masks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UsageError
from lungseg.evaluation.labelled import Labelled, read_labelled
from lungseg.evaluation.pairs import Pairs
from lungseg.evaluation.worst import Overlay, Worst
from lungseg.io.masks import Target
from lungseg.metrics import Overlap, surface_distances

if TYPE_CHECKING:
    from lungseg.lung_mask import LungMask
    from lungseg.segmenter import LungSegmenter

Progress = Callable[[int, int], object]
Clusters = Literal["patient", "volume", "file", "slice"]


@dataclass(frozen=True)
class Scores:
    """Of one slice: ``hd95`` in pixels, ``surface_dice_2px`` with a tolerance of 2 pixels."""

    overlap: Overlap
    hd95: float
    surface_dice_2px: float

    @property
    def dice(self) -> float:
        """Dice, 0 to 1."""
        return self.overlap.dice

    @property
    def iou(self) -> float:
        """Intersection over union, 0 to 1."""
        return self.overlap.iou


@dataclass(frozen=True)
class Case:
    """One slice: its ``scores``, or None and the ``error`` in words.

    ``slice`` counts from 0 within ``case``. ``patient`` is empty where nobody said it. ``flags``:
    what makes the predicted mask doubtful. ``messages``: what the reader had to assume.
    """

    case: str
    slice: int
    patient: str
    scores: Scores | None
    error: str = ""
    flags: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """What intervals are clustered by: the patient, or the case on its own."""
        return self.patient or f"case {self.case}"


@dataclass(frozen=True)
class VolumeCase:
    """The slices of one NIfTI volume."""

    case: str
    slices: tuple[Case, ...]

    @property
    def overlap(self) -> Overlap:
        """Of all slices that could be judged, as one; its Dice is that of the volume."""
        judged = (one.scores.overlap for one in self.slices if one.scores is not None)
        return sum(judged, Overlap(0, 0, 0, 0))


@dataclass(frozen=True)
class Evaluation:
    """All slices in the order of their files, and the overlays of the worst of them."""

    target: Target
    pairs: Pairs
    cases: tuple[Case, ...]
    patients_known: bool
    worst: Sequence[Overlay]

    @property
    def clusters(self) -> Clusters:
        """What intervals are clustered by."""
        if self.patients_known:
            return "patient"
        if any(pair.is_volume for pair in self.pairs.pairs):
            return "volume"
        return "slice" if len({one.case for one in self.cases}) == len(self.cases) else "file"

    @property
    def volumes(self) -> list[VolumeCase]:
        """The slices by volume."""
        volumes = {pair.case for pair in self.pairs.pairs if pair.is_volume}
        return [
            VolumeCase(case, tuple(slices))
            for case, slices in groupby(self.cases, key=lambda one: one.case)
            if case in volumes
        ]

    @property
    def errors(self) -> list[Case]:
        """What could not be judged."""
        return [one for one in self.cases if one.scores is None]

    @property
    def needs_look(self) -> bool:
        """Whether something could not be judged, has no partner, or no mask has the target."""
        alone = self.pairs.images_without_mask or self.pairs.masks_without_image
        scores = [one.scores for one in self.cases if one.scores is not None]
        return bool(self.errors or alone) or not any(s.overlap.has_target for s in scores)


def evaluate(
    segmenter: LungSegmenter,
    pairs: Pairs,
    target: Target = "lung",
    patients: Mapping[str, str] | None = None,
    batch_size: int = 16,
    progress: Progress | None = None,
    hu_offset: float | None = None,
) -> Evaluation:
    """Score the mask that ``segmenter`` finds in every slice against the true one.

    ``patients``: by the name of a case, where they are known. ``progress(done, total)`` is called
    with numbers of pairs. ``hu_offset``: 16-bit pictures are HU + this. Raises UsageError when the
    segmenter finds no lesions where they are the ``target``.
    """
    named = patients or {}
    cases: list[Case] = []
    worst = Worst()
    for batch in _batched(read_labelled(pairs.pairs, target, hu_offset), batch_size):
        masks = iter(segmenter.predict([one.slice for one in batch if one.slice], batch_size))
        for one in batch:
            patient = named.get(one.case, "")
            if one.slice is None or one.truth is None:
                cases.append(Case(one.case, one.index, patient, None, one.error))
                continue
            mask = next(masks)
            found = _target_in(mask, target, segmenter.name)
            scores = score(found, one.truth)
            worst.add(Overlay(one.case, one.index, scores.overlap, one.slice, one.truth, found))
            cases.append(
                Case(
                    one.case,
                    one.index,
                    patient,
                    scores,
                    flags=mask.flags,
                    messages=one.slice.messages,
                )
            )
        if progress:
            progress(batch[-1].position + 1, len(pairs.pairs))
    return Evaluation(target, pairs, tuple(cases), patients is not None, worst.overlays)


def score(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Scores:
    """All scores of one slice; bool H x W each."""
    distances = surface_distances(mask, truth)
    return Scores(Overlap.of(mask, truth), distances.hd95, distances.dice(2.0))


def _target_in(mask: LungMask, target: Target, name: str) -> NDArray[np.bool_]:
    if target == "lung":
        return mask.mask
    if mask.lesion is None:
        raise UsageError(f"the checkpoint {name} finds no lesions; give another or --target lung")
    return mask.lesion


def _batched(items: Iterable[Labelled], size: int) -> Iterator[list[Labelled]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
