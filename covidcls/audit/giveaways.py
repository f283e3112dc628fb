"""Facts of a file that only one class has: what a model can learn instead of the disease."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from covidcls.audit.file_facts import FileFacts
from covidcls.audit.findings import Finding
from covidcls.audit.inventory import LabelledImage

# What two files can have in common, by name.
PROPERTIES: Mapping[str, Callable[[FileFacts], str | None]] = {
    "mode": lambda facts: facts.mode,
    "size": lambda facts: f"{facts.width} x {facts.height}" if facts.width else None,
    "extension": lambda facts: facts.extension,
    "format": lambda facts: facts.content,
    "content and name": lambda facts: (
        None if facts.right_extension else f"{facts.content} named {facts.extension}"
    ),
    "dpi": lambda facts: (facts.dpi or "none") if facts.mode else None,
    "metadata entries": lambda facts: None if facts.n_metadata is None else str(facts.n_metadata),
}
# What is counted or measured, by name.
QUANTITIES: Mapping[str, Callable[[FileFacts], float | None]] = {
    "width": lambda facts: facts.width,
    "height": lambda facts: facts.height,
    "aspect": lambda facts: facts.aspect,
    "bytes": lambda facts: facts.n_bytes,
    "bytes per pixel": lambda facts: facts.bytes_per_pixel,
}

_SHARE = 0.9  # of the files with a value that one class must have: "nearly only"
_CHANCE = 0.001  # that the exact test allows for all values of a data set together


@dataclass(frozen=True)
class Giveaway:
    """``value`` of ``name`` that (nearly) only ``label`` has, in ``split`` (None: everywhere).

    ``n_label`` of the ``n_value`` files with it are of that class, ``n_class`` files in all.
    ``p``: Fisher's exact test, one-sided, over independent units: a patient, a paper, or a file,
    counts once.
    """

    name: str
    value: str
    label: str
    split: str | None
    n_label: int
    n_value: int
    n_class: int
    p: float
    example: str

    def finding(self) -> Finding:
        """The row of the audit."""
        where = f" of {self.split}" if self.split else ""
        return Finding(
            "one_class_only",
            f"{self.n_label} of the {self.n_value} files{where} with {self.name} {self.value} are "
            f"{self.label}, {self.n_label / self.n_class:.0%} of that class (exact test over "
            f"patients or papers: p = {self.p:.1g}): a model that sees it knows the class without "
            "looking at the lung, so decode all files alike before any result is believed",
            file_a=self.example,
            group=f"{self.name} {self.value}",
        )


def giveaways(images: Sequence[LabelledImage], facts: Sequence[FileFacts]) -> list[Giveaway]:
    """Values that (nearly) only one class has, in all files, else in one split."""
    pairs = list(zip(images, facts, strict=True))
    found = list(_giveaways(pairs, None))
    known = {(giveaway.name, giveaway.value, giveaway.label) for giveaway in found}
    for split in sorted({image.split for image in images} - {None}, key=str):
        part = [(image, fact) for image, fact in pairs if image.split == split]
        for giveaway in _giveaways(part, split):
            if (giveaway.name, giveaway.value, giveaway.label) not in known:
                found.append(giveaway)
    return found


def distributions(
    images: Sequence[LabelledImage], facts: Sequence[FileFacts]
) -> dict[str, dict[str, dict[str, float]]]:
    """By name and class: how many files have each value, the most frequent first, or the smallest,
    quartiles and largest of what is measured."""
    tables: dict[str, dict[str, dict[str, float]]] = {}
    of_label: dict[str, list[FileFacts]] = {}
    for image, fact in zip(images, facts, strict=True):
        of_label.setdefault(image.label, []).append(fact)
    for name, value_of in PROPERTIES.items():
        tables[name] = {}
        for label, group in of_label.items():
            counts = Counter(value for fact in group if (value := value_of(fact)) is not None)
            tables[name][label] = dict(counts.most_common())
    for name, quantity_of in QUANTITIES.items():
        tables[name] = {}
        for label, group in of_label.items():
            sizes = [size for fact in group if (size := quantity_of(fact)) is not None]
            if sizes:
                cuts = np.quantile(sizes, (0, 0.25, 0.5, 0.75, 1)).tolist()
                tables[name][label] = dict(
                    zip(("least", "25 %", "median", "75 %", "most"), cuts, strict=True)
                )
    return tables


def _giveaways(
    files: Sequence[tuple[LabelledImage, FileFacts]], split: str | None
) -> Iterator[Giveaway]:
    labels = Counter(image.label for image, _ in files)
    if len(labels) < 2:
        return
    units = {label: {i.unit for i, _ in files if i.label == label} for label in labels}
    n_units = sum(len(members) for members in units.values())
    holders = [
        (name, value, having)
        for name, value_of in PROPERTIES.items()
        for value, having in _by_value(files, value_of).items()
    ]
    for name, value, having in holders:
        label, n_label = Counter(image.label for image in having).most_common(1)[0]
        if n_label < _SHARE * len(having):
            continue
        with_value = {(image.label, image.unit) for image in having}
        inside = sum(of == label for of, _ in with_value)
        p = _chance_of(inside, len(with_value), len(units[label]), n_units)
        if p * len(holders) < _CHANCE:
            first = next(image.path for image in having if image.label == label)
            yield Giveaway(name, value, label, split, n_label, len(having), labels[label], p, first)


def _by_value(
    files: Sequence[tuple[LabelledImage, FileFacts]], value_of: Callable[[FileFacts], str | None]
) -> dict[str, list[LabelledImage]]:
    found: dict[str, list[LabelledImage]] = {}
    for image, facts in files:
        value = value_of(facts)
        if value is not None:
            found.setdefault(value, []).append(image)
    return found


def _chance_of(inside: int, with_value: int, in_class: int, units: int) -> float:
    """That at least ``inside`` of the units with the value fall in the class by chance."""
    from scipy.stats import hypergeom

    return float(hypergeom.sf(inside - 1, units, in_class, with_value))
