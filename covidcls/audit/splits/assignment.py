"""Which unit goes to which part: drawn from a seed, stratified by class, balanced by source.

scikit-learn's StratifiedGroupKFold knows neither shares nor sources, and what it draws for a seed
may change with its version, whereas a split is to be the same for ever.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.inventory import LabelledImage

Sizes = Mapping[str, Mapping[str, int]]  # of every class: how many images each part is to have


def shared_out(images: Sequence[LabelledImage], shares: Mapping[str, float]) -> Sizes:
    """The sizes that ``shares`` (part to its share, together 1) give; the largest remainders are
    rounded up."""
    sizes = {}
    parts = sorted(shares)
    for label, n in sorted(Counter(image.label for image in images).items()):
        exact = np.array([n * shares[part] for part in parts])
        whole = np.floor(exact + 1e-9)  # 0.29 * 100 is 28.999...
        up = np.argsort(whole - exact, kind="stable")[: n - int(whole.sum())]
        whole[up] += 1
        sizes[label] = dict(zip(parts, whole.astype(int).tolist(), strict=True))
    return sizes


def grouped_parts(
    images: Sequence[LabelledImage], units: Sequence[str], sizes: Sizes, seed: int
) -> list[str]:
    """The part of every image; all images of one unit are in one part.

    Units come in order of size, those of one size in random order. Each is drawn into one of the
    parts where it fits, with a chance that grows with what the part still needs of its class and
    source, so that every unit can be in every part. One that fits nowhere goes where its class
    lacks most: sizes are missed where units are too large. The draw is by a hash of seed and unit:
    it depends on no order of files, no library and no machine.
    """
    members: dict[str, list[LabelledImage]] = {}
    for image, unit in zip(images, units, strict=True):
        members.setdefault(unit, []).append(image)
    draws = {unit: _draws(seed, unit) for unit in members}
    need = _Need(images, sizes)
    part_of = {}
    for unit in sorted(members, key=lambda unit: (-len(members[unit]), draws[unit])):
        part_of[unit] = need.fill(members[unit], draws[unit][1])
    return [part_of[unit] for unit in units]


def _draws(seed: int, unit: str) -> tuple[float, float]:
    """Two numbers in [0, 1), independent for all that one can see."""
    text = f"{seed}:{unit}".encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(text).digest()
    # 53 bits, the precision of a float: more could round up to 1
    first, second = (int.from_bytes(digest[i : i + 8], "big") >> 11 for i in (0, 8))
    return first / 2**53, second / 2**53


class _Need:
    """How many images each part still needs, of every class and of every class and source."""

    def __init__(self, images: Sequence[LabelledImage], sizes: Sizes) -> None:
        self.parts = sorted({part for size in sizes.values() for part in size})
        n_of = Counter(image.label for image in images)
        self.of_label: dict[str, NDArray[np.float64]] = {
            label: np.array([sizes[label].get(part, 0) for part in self.parts], float)
            for label in n_of
        }
        cells = Counter((image.label, image.source) for image in images)
        self.of_cell = {
            cell: self.of_label[cell[0]] * n / n_of[cell[0]] for cell, n in cells.items()
        }

    def fill(self, group: Sequence[LabelledImage], draw: float) -> str:
        """The part that ``group`` is drawn into; it then needs so many fewer."""
        labels = Counter(image.label for image in group)
        cells = Counter((image.label, image.source) for image in group)
        fits = np.all([self.of_label[label] >= n for label, n in labels.items()], axis=0)
        of_class = np.sum([n * self.of_label[label] for label, n in labels.items()], axis=0)
        of_source = np.sum([n * self.of_cell[cell].clip(0) for cell, n in cells.items()], axis=0)
        index = int(np.argmax(of_class))
        for wish in (fits * of_source, fits * of_class):
            if wish.sum() > 0:
                reached = np.searchsorted(np.cumsum(wish), draw * wish.sum(), side="right")
                index = min(int(reached), int(np.flatnonzero(wish)[-1]))
                break
        for label, n in labels.items():
            self.of_label[label][index] -= n
        for cell, n in cells.items():
            self.of_cell[cell][index] -= n
        return self.parts[index]
