"""A segmenter judged slice by slice on images with true masks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UsageError
from lungseg.evaluation.labelled import Labelled, read_labelled
from lungseg.evaluation.pairs import Pairs
from lungseg.evaluation.worst import Overlay, Worst
from lungseg.inversion import masks_either_way
from lungseg.io.masks import Target
from lungseg.metrics import Overlap, surface_distances

if TYPE_CHECKING:
    from lungseg.lung_mask import LungMask
    from lungseg.segmenter import LungSegmenter

MOST_LESION = 0.8  # of the lungs of a whole set: lesions cover less, even of the severely ill
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
    def is_whole(self) -> bool:
        """Whether every slice could be judged: a part of a volume has no Dice of the volume."""
        return all(one.scores is not None for one in self.slices)

    @property
    def overlap(self) -> Overlap:
        """Of all slices that could be judged, as one; its Dice is that of the volume."""
        judged = (one.scores.overlap for one in self.slices if one.scores is not None)
        return sum(judged, Overlap(0, 0, 0, 0))


@dataclass(frozen=True)
class Evaluation:
    """All slices in the order of their files, and the overlays of the worst of them.

    ``values``: those of all masks, sorted, and those ``chosen`` as the target. ``covered``: share
    of the lungs found that the true masks cover.
    """

    target: Target
    pairs: Pairs
    cases: tuple[Case, ...]
    patients_known: bool
    worst: Sequence[Overlay]
    values: tuple[int, ...] = ()
    chosen: tuple[int, ...] = ()
    covered: float = 0.0

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
    def lesions_are_lungs(self) -> bool:
        """Whether what was taken for lesions covers the lungs as only lungs do."""
        return self.target == "lesion" and self.covered > MOST_LESION

    @property
    def needs_look(self) -> bool:
        """Whether something could not be judged, has no partner, no mask has the target, or its
        lesions are lungs."""
        alone = self.pairs.images_without_mask or self.pairs.masks_without_image
        scores = [one.scores for one in self.cases if one.scores is not None]
        found = any(one.overlap.has_target for one in scores)
        return bool(self.errors or alone) or not found or self.lesions_are_lungs


def evaluate(
    segmenter: LungSegmenter,
    pairs: Pairs,
    target: Target = "lung",
    patients: Mapping[str, str] | None = None,
    batch_size: int = 16,
    progress: Progress | None = None,
    hu_offset: float | None = None,
    chosen: Collection[int] = (),
) -> Evaluation:
    """Score the mask that ``segmenter`` finds in every slice against the true one.

    ``patients``: by the name of a case, where they are known. ``progress(done, total)`` is called
    with numbers of pairs. ``hu_offset``: 16-bit pictures are HU + this. ``chosen``: values of the
    masks that are the target (see :func:`lungseg.io.masks.target_of`). Raises UsageError when the
    segmenter finds no lesions where they are the ``target``.
    """
    named = patients or {}
    cases: list[Case] = []
    worst = Worst()
    values: set[int] = set()
    covered = lungs = 0
    for batch in _batched(read_labelled(pairs.pairs, target, hu_offset, chosen), batch_size):
        readable = [one.slice for one in batch if one.slice]
        found_in = zip(*masks_either_way(segmenter, readable, batch_size), strict=True)
        for one in batch:
            patient = named.get(one.case, "")
            if one.slice is None or one.truth is None:
                cases.append(Case(one.case, one.index, patient, None, one.error))
                continue
            seen, mask = next(found_in)
            found = _target_in(mask, target, segmenter.name)
            scores = score(found, one.truth)
            values.update(one.values)
            covered += int((one.truth & mask.mask).sum())
            lungs += int(mask.mask.sum())
            worst.add(Overlay(one.case, one.index, scores.overlap, seen, one.truth, found))
            cases.append(
                Case(
                    one.case,
                    one.index,
                    patient,
                    scores,
                    flags=mask.flags,
                    messages=seen.messages,
                )
            )
        if progress:
            progress(batch[-1].position + 1, len(pairs.pairs))
    return Evaluation(
        target,
        pairs,
        tuple(cases),
        patients is not None,
        worst.overlays,
        tuple(sorted(values)),
        tuple(sorted(chosen)),
        covered / max(lungs, 1),
    )


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
