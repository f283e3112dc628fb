"""Pictures whose names tell that they may show one patient, or come from one paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from covidcls.audit.copies import Pair
from covidcls.audit.inventory import LabelledImage
from covidcls.audit.numbering import numbered


@dataclass(frozen=True)
class Together:
    """``images`` that a division should leave on one side."""

    images: tuple[LabelledImage, ...]


def by_paper(images: Iterable[LabelledImage]) -> list[Together]:
    """The images of each source paper or figure, also those of several patients: they share its
    printing, which a network learns."""
    of: dict[str, list[LabelledImage]] = {}
    for image in images:
        if image.source is not None:
            of.setdefault(image.source, []).append(image)
    return [Together(tuple(group)) for group in of.values()]


def by_run(images: Sequence[LabelledImage], pairs: Iterable[Pair], n_runs: int) -> list[Together]:
    """Runs of consecutive numbers, about ``n_runs`` of each series such as ``Covid (1).png`` to
    ``Covid (1252).png``, where neither patient nor paper is known: neighbours are often slices of
    one patient.

    A run ends where no copy (``pairs``, by the index of ``images``) has its other half within a
    run's length behind that place, so that few patients are cut in two.
    """
    unknown = {
        image.path: index
        for index, image in enumerate(images)
        if image.patient is None and image.source is None
    }
    copies = [(pair.a, pair.b) for pair in pairs]
    found = []
    for of_number in numbered(images[index] for index in unknown.values()):
        order = [unknown[path] for _, path in sorted(of_number.items())]
        place = {index: here for here, index in enumerate(order)}
        spans = [
            (min(place[a], place[b]), max(place[a], place[b]))
            for a, b in copies
            if a in place and b in place
        ]
        for start, end in _runs(len(order), spans, -(-len(order) // n_runs)):
            found.append(Together(tuple(images[index] for index in order[start:end])))
    return found


def _runs(n: int, spans: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Half-open ranges of at least ``length`` places, the last of at least half of it, that divide
    ``n`` of them."""
    held = {
        place for a, b in spans if b - a <= length for place in range(a + 1, b + 1)
    }  # cutting before one of these would part a pair
    runs, start = [], 0
    for cut in range(1, n):
        if cut - start >= length and 2 * (n - cut) >= length and cut not in held:
            runs.append((start, cut))
            start = cut
    return [*runs, (start, n)]
