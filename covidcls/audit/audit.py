"""The whole audit of a labelled image set: every file read once, everything that was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from covidcls.audit.copies import CopyGroup, copy_findings, copy_groups, find_copies
from covidcls.audit.files import file_findings
from covidcls.audit.findings import Finding, in_order
from covidcls.audit.giveaways import Giveaway, distributions, giveaways
from covidcls.audit.inventory import Inventory
from covidcls.audit.measuring import measure
from covidcls.audit.patients import SplitCount, patient_findings, split_counts
from covidcls.audit.reading import ReadFile, read_files
from covidcls.audit.traces import TraceStore

Progress = Callable[[int, int], object]

# An audit that could not look at a file has not answered for it.
_NOT_SEEN = ("unreadable", "truncated")


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found, the worst first, and what it was found by.

    ``files`` and ``store`` go with ``inventory.images``, in their order; ``distributions``: see
    ``giveaways.distributions``.
    """

    inventory: Inventory
    files: tuple[ReadFile[None], ...]
    store: TraceStore
    groups: tuple[CopyGroup, ...]
    counts: tuple[SplitCount, ...]
    giveaways: tuple[Giveaway, ...]
    distributions: Mapping[str, Mapping[str, Mapping[str, float]]]
    findings: tuple[Finding, ...]

    @property
    def needs_look(self) -> bool:
        """Something crosses splits or labels, or could not be looked at."""
        return any(
            {"labels", "splits"} & set(finding.crosses) or finding.kind in _NOT_SEEN
            for finding in self.findings
        )


def audit_images(inventory: Inventory, workers: int = 0, progress: Progress | None = None) -> Audit:
    """Audit ``inventory`` by ``workers`` processes (0: in this one).

    ``progress(done, total)`` is called with numbers of files read.
    """
    images = inventory.images
    files, store = _read(inventory, workers, progress)
    # a picture of one grey value is like any other of that value
    digests = [None if file.constant else file.digest for file in files]
    groups = copy_groups(images, find_copies(digests, store, workers))
    facts = [file.facts for file in files]
    given_away = giveaways(images, facts)
    listed = [*images, *inventory.absent]
    findings = [
        *file_findings(inventory, files),
        *copy_findings(images, groups),
        *patient_findings(listed),
        *(giveaway.finding() for giveaway in given_away),
    ]
    return Audit(
        inventory,
        tuple(files),
        store,
        tuple(groups),
        tuple(split_counts(listed)),
        tuple(given_away),
        distributions(images, facts),
        tuple(in_order(findings)),
    )


def _read(
    inventory: Inventory, workers: int, progress: Progress | None
) -> tuple[list[ReadFile[None]], TraceStore]:
    """The file of every image, those that are listed twice read once."""
    indices: dict[str, list[int]] = {}
    for index, image in enumerate(inventory.images):
        indices.setdefault(image.path, []).append(index)
    store = TraceStore(len(inventory.images))
    files: dict[int, ReadFile[None]] = {}
    paths = [inventory.root / path for path in indices]
    read = zip(indices.values(), read_files(paths, measure, workers), strict=True)
    for done, (of, file) in enumerate(read, start=1):
        for index in of:
            if file.measured is not None:
                store[index] = file.measured.trace
            files[index] = _without_measured(file)
        if progress:
            progress(done, len(paths))
    return [files[index] for index in range(len(files))], store


def _without_measured(file: ReadFile[Any]) -> ReadFile[None]:
    return replace(file, measured=None)
