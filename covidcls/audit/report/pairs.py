"""The pairs of the page: two pictures side by side, the worst first, by kind."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from covidcls.audit.audit import Audit
from covidcls.audit.file_facts import FileFacts
from covidcls.audit.findings import Finding
from covidcls.audit.inventory import LabelledImage

MOST_PAIRS = 200  # about 4 MB of pictures; audit.csv has them all
_LONGEST_SIDE = 256  # pixels
_QUALITY = 80  # of JPEG; a person decides by the shape of vessels, which this keeps

_TITLES = {
    "exact_copy": "The same pixels in two files",
    "near_copy": "The same picture, printed again",
    "patient_in_two_places": "One patient in two places",
    "source_in_two_places": "One paper in two places",
    "patients_alike": "Two patient ids, probably one person",
}


@dataclass(frozen=True)
class Side:
    """One picture of a pair; ``uri``: None where it is not here to be shown."""

    file: str
    label: str
    split: str | None
    patient: str | None
    uri: str | None


@dataclass(frozen=True)
class ShownPair:
    """A finding about two files."""

    finding: Finding
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class PairGroup:
    """Pairs of one kind that cross the same; ``n`` of them, of which some are ``shown``."""

    title: str
    n: int
    shown: tuple[ShownPair, ...]


def pair_groups(audit: Audit) -> list[PairGroup]:
    """All kinds with their numbers; of the pairs the worst MOST_PAIRS."""
    pairs = [finding for finding in audit.findings if finding.file_b]
    pictures = _Pictures(audit)
    groups = []
    left = MOST_PAIRS
    for (kind, crosses), members in groupby(pairs, lambda one: (one.kind, one.crosses)):
        of_kind = list(members)
        shown = tuple(pictures.pair(finding) for finding in of_kind[:left])
        left -= len(shown)
        across = f", across {' and '.join(crosses)}" if crosses else ""
        groups.append(PairGroup(f"{_TITLES[kind]}{across}", len(of_kind), shown))
    return groups


class _Pictures:
    """From a finding to its pictures, as they were kept when the files were read."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.of: dict[str, list[LabelledImage]] = {}
        for image in [*audit.inventory.images, *audit.inventory.absent]:
            self.of.setdefault(image.path, []).append(image)
        self.index = {image.path: index for index, image in enumerate(audit.inventory.images)}

    def pair(self, finding: Finding) -> ShownPair:
        first, second = self._images(finding)
        return ShownPair(finding, (self._side(first), self._side(second)))

    def _images(self, finding: Finding) -> Iterator[LabelledImage]:
        yield self.of[finding.file_a][0]
        # a file that is listed twice is a pair with itself
        yield self.of[finding.file_b][-1]

    def _side(self, image: LabelledImage) -> Side:
        index = self.index.get(image.path)
        uri = None
        if index is not None and self.audit.files[index].digest is not None:
            uri = data_uri(self.audit.store.squares[index], self.audit.files[index].facts)
        return Side(image.path, image.label, image.split, image.patient, uri)


def data_uri(square: NDArray[np.uint8], facts: FileFacts) -> str:
    """The square picture of a trace in the aspect that the file has, as a JPEG in a URI."""
    sides = np.array([facts.width or 1, facts.height or 1])
    width, height = np.maximum(1, np.round(_LONGEST_SIDE * sides / sides.max())).astype(int)
    file = io.BytesIO()
    Image.fromarray(square).resize((width, height)).save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
