"""How many patients a split really has, and who stands on both sides of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from covidcls.audit.findings import Finding
from covidcls.audit.inventory import LabelledImage, crossings


@dataclass(frozen=True)
class SplitCount:
    """One class of one split: ``images``, of how many known ``patients`` and ``sources``.

    ``without_patient``: images of unknown patient. ``slices``: the least, the median and the most
    of one known patient; None without any.
    """

    split: str | None
    label: str
    images: int
    patients: int
    without_patient: int
    sources: int
    slices: tuple[int, float, int] | None


def split_counts(images: Sequence[LabelledImage]) -> list[SplitCount]:
    """A row for each split and class, absent images included where they are given."""
    parts: dict[tuple[str | None, str], list[LabelledImage]] = {}
    for image in images:
        parts.setdefault((image.split, image.label), []).append(image)
    counts = []
    for (split, label), part in sorted(parts.items(), key=lambda item: str(item[0])):
        slices = Counter(image.patient for image in part if image.patient is not None)
        spread = sorted(slices.values())
        counts.append(
            SplitCount(
                split,
                label,
                len(part),
                len(slices),
                sum(image.patient is None for image in part),
                len({image.source for image in part} - {None}),
                (spread[0], median(spread), spread[-1]) if spread else None,
            )
        )
    return counts


def patient_findings(images: Sequence[LabelledImage]) -> list[Finding]:
    """Patients and source papers that stand on both sides of a split or of the labels.

    Give the absent images too: a list alone shows who stands where.
    """
    found = []
    for patient, group in _groups(images, lambda image: image.patient):
        crosses = crossings(group)
        if crosses:
            found.append(_finding("patient", patient, group, _of_patient(group)))
    for source, group in _groups(images, lambda image: image.source):
        if "splits" in crossings(group):
            found.append(_finding("source", source, group, _of_source(group)))
    return found


def _groups(
    images: Sequence[LabelledImage], name_of: Callable[[LabelledImage], str | None]
) -> Iterator[tuple[str, list[LabelledImage]]]:
    groups: dict[str, list[LabelledImage]] = {}
    for image in images:
        name = name_of(image)
        if name is not None:
            groups.setdefault(name, []).append(image)
    return iter(sorted(groups.items()))


def _finding(kind: str, name: str, group: Sequence[LabelledImage], message: str) -> Finding:
    """File a is the first; file b the first that stands elsewhere."""
    first = group[0]
    other = next(
        image for image in group if (image.split, image.label) != (first.split, first.label)
    )
    return Finding(
        f"{kind}_in_two_places",
        f"{kind} {name}: {message}",
        tuple(crossing for crossing in crossings(group) if crossing != "patients"),
        first.path,
        other.path,
        group=f"{kind}:{name}",
    )


def _of_patient(group: Sequence[LabelledImage]) -> str:
    said = []
    if "splits" in crossings(group):
        said.append(
            f"{_counts(group)}: slices of one person are alike, so a model is tested on whom it "
            "was trained or chosen on, and the result is too good"
        )
    if "labels" in crossings(group):
        labels = " and ".join(sorted({image.label for image in group}))
        said.append(
            f"labelled {labels}: before and after the disease, or one id for two people; a split "
            "by patient and class cannot hold it"
        )
    return "; ".join(said)


def _of_source(group: Sequence[LabelledImage]) -> str:
    return (
        f"{_counts(group)}: pictures of one paper share scanner, window and print, so some of what "
        "a model gains in training helps on the other side for a wrong reason"
    )


def _counts(group: Sequence[LabelledImage]) -> str:
    counts = Counter(image.split for image in group if image.split is not None)
    return ", ".join(f"{n} in {split}" for split, n in sorted(counts.items()))
