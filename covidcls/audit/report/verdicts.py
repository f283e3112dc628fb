"""The audit in plain words: what was looked at, what was found, what it means for a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from covidcls.audit.audit import Audit
from covidcls.audit.findings import Crossing, Finding
from covidcls.audit.floors.floor import LIMIT, Floor, above

_COPIES = ("exact_copy", "near_copy")


@dataclass(frozen=True)
class Verdict:
    """``what`` was found, and what it ``means``; ``needs_look``: a result on this data is not to
    be believed before somebody has looked."""

    needs_look: bool
    what: str
    means: str


def looked_at(audit: Audit) -> str:
    """One sentence: how many images of which classes and splits."""
    images, absent = audit.inventory.images, audit.inventory.absent
    said = f"{len(images):,} images: {_counted(image.label for image in images)}"
    splits = [image.split for image in images if image.split is not None]
    said += f"; in {_counted(splits)}" if splits else "; in no split"
    return f"{said}; {len(absent):,} more are listed and absent" if absent else said


def verdicts(audit: Audit) -> list[Verdict]:
    """What a person should know, what needs a look first."""
    found = [
        *_failures(audit),
        *_copies(audit),
        *_patients(audit),
        *_floors(audit),
        *_comparison(audit),
        *_giveaways(audit),
        *_files(audit),
    ]
    return sorted(found, key=lambda verdict: not verdict.needs_look)


def _failures(audit: Audit) -> Iterator[Verdict]:
    for sentence in audit.failures:
        yield Verdict(True, sentence, "The rest of the audit stands without it.")


def _copies(audit: Audit) -> Iterator[Verdict]:
    pairs = [finding for finding in audit.findings if finding.kind in _COPIES]
    if n := _crossing(pairs, "labels"):
        yield Verdict(
            True,
            f"pairs of copies under two labels: {n:,}",
            "One label of each is wrong, and whatever a model answers is an error once.",
        )
    if n := _crossing(pairs, "splits"):
        yield Verdict(
            True,
            f"pairs of copies on both sides of a split: {n:,}",
            "A model is tested on what it was trained or chosen on: figures measured on this split "
            "are too good.",
        )
    if n := _crossing(pairs, "patients"):
        yield Verdict(
            False,
            f"pairs of copies under two patient ids: {n:,}",
            "The ids are wrong there, and a split by patient may still leak.",
        )
    exact = sum(finding.kind == "exact_copy" for finding in pairs)
    if n := len(pairs) - sum(bool(finding.crosses) for finding in pairs):
        yield Verdict(
            False,
            f"pairs of copies that cross nothing: {n:,}",
            "They count twice, so intervals over images are too narrow; keep them on one side of "
            "any split.",
        )
    yield Verdict(
        False,
        f"pairs of copies in all: {len(pairs):,}, {exact:,} with the same pixels, in "
        f"{len(audit.groups):,} group{'' if len(audit.groups) == 1 else 's'}",
        "Every picture was compared with those that look most like it, mirrored too."
        if pairs
        else "No picture stands twice, re-scaled, re-compressed or mirrored ones included.",
    )


def _patients(audit: Audit) -> Iterator[Verdict]:
    patients = [one for one in audit.findings if one.kind == "patient_in_two_places"]
    if n := _crossing(patients, "splits"):
        yield Verdict(
            True,
            f"patients on both sides of a split: {n:,}",
            "Slices of one person are alike: figures measured on this split are too good.",
        )
    if n := _crossing(patients, "labels"):
        yield Verdict(
            True,
            f"patients under two labels: {n:,}",
            "Before and after the disease, or one id for two people; a split by patient and class "
            "cannot hold them.",
        )
    sources = [one for one in audit.findings if one.kind == "source_in_two_places"]
    if n := _crossing(sources, "splits"):
        yield Verdict(
            True,
            f"papers on both sides of a split: {n:,}",
            "Pictures of one paper share scanner, window and print, which helps on the other side "
            "for a wrong reason.",
        )
    alike = [one for one in audit.findings if one.kind == "patients_alike"]
    if alike:
        apart = sum(one.crosses != ("patients",) for one in alike)
        yield Verdict(
            apart > 0,
            f"pairs of patient ids that are probably one person: {len(alike):,}"
            + (f", {apart:,} across splits or labels" if apart else ""),
            "Their slices are alike and no copies. Look at them: one person under two ids makes a "
            "split by patient leak.",
        )
    without = sum(image.patient is None for image in audit.inventory.images)
    if without:
        yield Verdict(
            False,
            f"images of unknown patient: {without:,} of {len(audit.inventory.images):,}",
            "Whether a split keeps these patients apart cannot be told, and intervals over such "
            "images may be too narrow.",
        )


def _floors(audit: Audit) -> Iterator[Verdict]:
    floors = audit.floors.floors
    for neutral, decoded, means in (
        (
            False,
            "",
            "A result up to these shows nothing about the disease: print them beside every one.",
        ),
        (
            True,
            ", after all files were decoded alike",
            "Decoding does not take this away: choose both classes from the same sources.",
        ),
    ):
        high = [floor for floor in floors if floor.neutral == neutral and above(floor)]
        if high:
            said = "; ".join(map(_floor, high))
            what = f"known without looking at the disease{decoded}, beyond AUC {LIMIT}: {said}"
            part = " A part may be disease: each floor says by what way." if _may_see(high) else ""
            yield Verdict(True, what, means + part)
    if floors and not any(map(above, floors)):
        yield Verdict(
            False,
            f"known without looking at the disease, at most: "
            f"{_floor(max(floors, key=lambda floor: floor.auc.low))}",
            f"No floor's interval lies beyond AUC {LIMIT}; a result has to lie above its floor.",
        )
    for sentence in audit.floors.unmeasured:
        yield Verdict(False, sentence, "What can be known without the disease is unknown there.")


def _may_see(floors: Iterable[Floor]) -> bool:
    """Whether the disease itself may show in one of them."""
    return any(floor.caveat for floor in floors)


def _floor(floor: Floor) -> str:
    where = f" on {floor.tested_on}" if floor.tested_on else ""
    auc = floor.auc
    return f"{floor.name}{where} {auc.value:.2f} ({auc.low:.2f} to {auc.high:.2f})"


def _comparison(audit: Audit) -> Iterator[Verdict]:
    if audit.comparison is None:
        return
    finding, worth = audit.comparison.finding(), audit.comparison.worth
    means = finding.message.partition("; ")[2]
    on = "the published split" if audit.comparison.published else "splits drawn by picture"
    yield Verdict(
        bool(finding.crosses),
        f"what a quick model gains on {on} against grouped ones: AUC {worth.value:+.3f} "
        f"({worth.low:+.3f} to {worth.high:+.3f})",
        f"{means[:1].upper()}{means[1:]}.",
    )


def _giveaways(audit: Audit) -> Iterator[Verdict]:
    if audit.giveaways:
        names = Counter(giveaway.name for giveaway in audit.giveaways)
        said = ", ".join(f"{name} ({count})" for name, count in names.items())
        yield Verdict(
            False,
            f"facts of a file that (nearly) only one class has: {len(audit.giveaways):,}; {said}",
            "They tell the class without the lung: decode all files alike, and believe no figure "
            "that a model could have had from them.",
        )


def _files(audit: Audit) -> Iterator[Verdict]:
    for message in audit.inventory.messages:
        yield Verdict(
            False,
            message,
            "Nothing is known from them: names are paths below the folder, or the end of one that "
            "no other file has.",
        )
    kinds = Counter(finding.kind for finding in audit.findings)
    if n := kinds["unreadable"] + kinds["truncated"]:
        yield Verdict(
            True,
            f"files that cannot be decoded: {n:,}",
            "They were not looked at; whoever leaves them out has another data set than others.",
        )
    for kind, what, means in (
        ("wrong_extension", "files that are not what their name says", "Read them by content."),
        ("constant", "files of one grey value", "Their label can only be guessed."),
        ("absent", "files that are listed and absent", "Figures on them cannot be repeated here."),
        ("unlisted", "files that are in no split", "Leave them out."),
        (
            "missing_number",
            "series of file names that lack numbers",
            "Files may have been lost or taken out: say on how many a result is.",
        ),
    ):
        if n := kinds[kind]:
            yield Verdict(False, f"{what}: {n:,}", means)


def _crossing(findings: Iterable[Finding], what: Crossing) -> int:
    return sum(what in finding.crosses for finding in findings)


def _counted(names: Iterable[str]) -> str:
    """``COVID 251, NonCOVID 292``."""
    return ", ".join(f"{name} {n:,}" for name, n in Counter(names).items())
