"""The part of the audit that takes seconds, for whoever is about to train on the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.copies import copy_findings, copy_groups, exact_pairs
from covidcls.audit.findings import Finding, in_order
from covidcls.audit.floors.measure import FloorReport, measure_floors
from covidcls.audit.floors.metadata import metadata_features
from covidcls.audit.giveaways import giveaways
from covidcls.audit.inventory import LabelledImage
from covidcls.audit.patients import patient_findings
from covidcls.audit.reading import read_files
from covidcls.audit.units import independent_units
from covidcls.data.pictures import LabelledPicture, Part
from lungseg.patients import paper_of

_LABELS = ("not COVID-19", "COVID-19")


@dataclass(frozen=True)
class QuickAudit:
    """Exact copies across parts or labels, patients and papers in two places, facts of files that
    one class has, and the floor of file metadata."""

    findings: tuple[Finding, ...]
    floors: FloorReport

    def as_dict(self) -> dict[str, Any]:
        """For a card: how many findings of each kind, and the floors."""
        return {
            "findings": dict(Counter(finding.kind for finding in self.findings)),
            "floors": [floor.as_dict() for floor in self.floors.floors],
            "unmeasured": list(self.floors.unmeasured),
        }


def quick_audit(root: Path, pictures: Mapping[Part, Sequence[LabelledPicture]]) -> QuickAudit:
    """Audit the parts of a split, whose files lie below ``root``.

    It refuses nothing: the official split of COVID-CT has a paper in two parts, and a result on it
    is wanted all the same.
    """
    images = [labelled_image(root, one, part) for part, ones in pictures.items() for one in ones]
    files = list(read_files([root / image.path for image in images], _nothing))
    facts = [file.facts for file in files]
    # a picture of one grey value is like any other of that value
    digests = [None if file.constant else file.digest for file in files]
    groups = copy_groups(images, exact_pairs(digests))
    copies = [f for f in copy_findings(images, groups) if {"labels", "splits"} & {*f.crosses}]
    told = [giveaway.finding() for giveaway in giveaways(images, facts)]
    units = independent_units(images, groups)
    floors = measure_floors(images, units, [metadata_features(facts)])
    return QuickAudit(tuple(in_order([*copies, *patient_findings(images), *told])), floors)


def labelled_image(root: Path, picture: LabelledPicture, part: Part | None = None) -> LabelledImage:
    """A picture of a training, which lies below ``root``, as the audit knows images."""
    path = picture.path.relative_to(root).as_posix()
    patient = picture.patient if picture.patient_known else None
    return LabelledImage(path, _LABELS[picture.label], part, patient, paper_of(path))


def _nothing(grey: NDArray[np.uint8]) -> None:
    """Facts and digest are enough here."""
