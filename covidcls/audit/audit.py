"""The whole audit of a labelled image set: every file read once, everything that was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.copies import CopyGroup, copy_findings, copy_groups, find_copies
from covidcls.audit.files import file_findings
from covidcls.audit.findings import Finding, in_order
from covidcls.audit.floors.features import Features
from covidcls.audit.floors.floor import above, floor_findings
from covidcls.audit.floors.looks import Looks, look_features
from covidcls.audit.floors.lung_free import lung_free_features
from covidcls.audit.floors.measure import FloorReport, measure_floors
from covidcls.audit.floors.metadata import metadata_features
from covidcls.audit.giveaways import Giveaway, distributions, giveaways
from covidcls.audit.inventory import Inventory
from covidcls.audit.measuring import measure
from covidcls.audit.numbering import missing_numbers
from covidcls.audit.patients import SplitCount, patient_findings, split_counts
from covidcls.audit.persons import ALIKE, Person, find_persons
from covidcls.audit.reading import ReadFile, read_files
from covidcls.audit.same_picture import SAME
from covidcls.audit.splits import SplitComparison, compare_splits
from covidcls.audit.traces import TraceStore
from covidcls.audit.units import Tie, independent_units
from lungseg.errors import UsageError

if TYPE_CHECKING:
    from covidcls.data.mask_cache import MaskCache

Progress = Callable[[int, int], object]
Tell = Callable[[str], object]

# An audit that could not look at a file has not answered for it.
_NOT_SEEN = ("unreadable", "truncated")


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found, the worst first, and what it was found by.

    ``files`` and ``store`` go with ``inventory.images``, in their order; ``distributions``: see
    ``giveaways.distributions``; ``comparison``: None where splits were not compared; ``failures``:
    a sentence for each thing that was asked for and could not be done.
    """

    inventory: Inventory
    files: tuple[ReadFile[None], ...]
    store: TraceStore
    groups: tuple[CopyGroup, ...]
    persons: tuple[Person, ...]
    counts: tuple[SplitCount, ...]
    giveaways: tuple[Giveaway, ...]
    distributions: Mapping[str, Mapping[str, Mapping[str, float]]]
    floors: FloorReport
    comparison: SplitComparison | None
    findings: tuple[Finding, ...]
    failures: tuple[str, ...] = ()

    @property
    def ties(self) -> list[Tie]:
        """What makes one unit of several patients, papers or files."""
        return [*self.groups, *self.persons]

    @property
    def needs_look(self) -> bool:
        """Something crosses splits or labels, a floor is too high, a file was not seen, or what was
        asked for could not be done."""
        return (
            bool(self.failures)
            or any(above(floor) for floor in self.floors.floors)
            or any(
                {"labels", "splits"} & set(finding.crosses) or finding.kind in _NOT_SEEN
                for finding in self.findings
            )
        )


def audit_images(
    inventory: Inventory,
    masks: MaskCache | None = None,
    compare: bool = False,
    seed: int = 0,
    workers: int = 0,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> Audit:
    """Audit ``inventory`` by ``workers`` processes (0: in this one).

    ``masks``: of stage 1, for the floor of pictures without lungs, which decodes once more;
    ``compare``: splits too; ``seed``: of the folds of floors. ``progress(done, total)`` is called
    with numbers of files read, ``tell(sentence)`` before each longer step.
    """
    tell = tell or (lambda sentence: None)
    images = inventory.images
    read = _read(inventory, workers, progress)
    tell("looking for copies")
    # a picture of one grey value is like any other of that value
    digests = [None if file.constant else file.digest for file in read.files]
    alike = find_copies(digests, read.store, workers, ALIKE)
    groups = copy_groups(images, [pair for pair in alike if pair.similarity >= SAME])
    persons = find_persons(images, alike)
    ties: list[Tie] = [*groups, *persons]
    facts = [file.facts for file in read.files]
    given_away = giveaways(images, facts)
    tell("measuring what is known without looking at the disease")
    floors = _floors(inventory, read, ties, masks, seed, workers)
    comparison, failures = None, []
    if compare:
        tell("comparing splits")
        try:
            comparison = compare_splits(images, read.glimpses, ties, workers=max(1, workers))
        except UsageError as error:
            failures.append(str(error))
    listed = [*images, *inventory.absent]
    findings = [
        *file_findings(inventory, read.files),
        *missing_numbers(listed),
        *copy_findings(images, groups),
        *patient_findings(listed),
        *(person.finding() for person in persons),
        *(giveaway.finding() for giveaway in given_away),
        *floor_findings(floors.floors),
        *([comparison.finding()] if comparison else []),
    ]
    return Audit(
        inventory,
        read.files,
        read.store,
        tuple(groups),
        tuple(persons),
        tuple(split_counts(listed)),
        tuple(given_away),
        distributions(images, facts),
        floors,
        comparison,
        tuple(in_order(findings)),
        tuple(failures),
    )


@dataclass(frozen=True, eq=False)
class _Read:
    """What is kept of every image; ``looks`` and ``glimpses`` are None where it was not decoded."""

    files: tuple[ReadFile[None], ...]
    store: TraceStore
    looks: Sequence[Looks | None]
    glimpses: Sequence[NDArray[np.uint8] | None]


def _read(inventory: Inventory, workers: int, progress: Progress | None) -> _Read:
    """Every file, those that are listed twice read once."""
    indices: dict[str, list[int]] = {}
    for index, image in enumerate(inventory.images):
        indices.setdefault(image.path, []).append(index)
    n = len(inventory.images)
    store = TraceStore(n)
    files: dict[int, ReadFile[None]] = {}
    looks: list[Looks | None] = [None] * n
    glimpses: list[NDArray[np.uint8] | None] = [None] * n
    paths = [inventory.root / path for path in indices]
    read = zip(indices.values(), read_files(paths, measure, workers), strict=True)
    for done, (of, file) in enumerate(read, start=1):
        for index in of:
            files[index] = ReadFile(file.facts, file.digest, file.constant, error=file.error)
            if file.measured is not None:
                store[index] = file.measured.trace
                looks[index] = file.measured.looks
                glimpses[index] = file.measured.glimpse
        if progress:
            progress(done, len(paths))
    return _Read(tuple(files[index] for index in range(n)), store, looks, glimpses)


def _floors(
    inventory: Inventory,
    read: _Read,
    ties: Sequence[Tie],
    masks: MaskCache | None,
    seed: int,
    workers: int,
) -> FloorReport:
    seen = [(index, one) for index, one in enumerate(read.looks) if one is not None]
    if not seen:
        return FloorReport((), ("no floor: no file could be decoded",))
    units = independent_units(inventory.images, ties)
    images = [inventory.images[index] for index, _ in seen]

    def features() -> Iterator[Features]:
        yield metadata_features([read.files[index].facts for index, _ in seen])
        yield from look_features([one for _, one in seen])
        if masks is not None:
            yield from lung_free_features([inventory.root / i.path for i in images], masks)

    of_seen = [units[index] for index, _ in seen]
    report = measure_floors(images, of_seen, features(), seed, max(1, workers))
    if masks is None:
        left_out = "no floor of pictures without lungs: stage 1 was left out, or is not there"
        return replace(report, unmeasured=(*report.unmeasured, left_out))
    return report
