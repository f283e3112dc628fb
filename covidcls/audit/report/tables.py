"""The tables of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from covidcls.audit.audit import Audit
from covidcls.audit.findings import Finding
from covidcls.audit.giveaways import PROPERTIES

_MOST_VALUES = 8  # of one fact, the most frequent; audit.json has them all
_MOST_FILES = 20  # with one message
_MOST_MESSAGES = 20  # of one kind

_KINDS = {
    "unreadable": "Files that cannot be decoded",
    "truncated": "Files whose end is missing",
    "wrong_extension": "Files that are not what their name says",
    "constant": "Files of one grey value",
    "absent": "Files that are listed and absent",
    "unlisted": "Files that are in no split",
    "missing_number": "Series of names with gaps",
}


@dataclass(frozen=True)
class Table:
    """``head`` and ``rows`` of as many cells; ``note`` says what is left out."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class FileList:
    """``n`` files that one ``message`` is about, the first of them in ``files``."""

    message: str
    n: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class FaultyFiles:
    """What is wrong with ``n`` files, in groups of one message; the first of these."""

    title: str
    n: int
    lists: tuple[FileList, ...]


def faulty_files(audit: Audit) -> list[FaultyFiles]:
    """Findings about single files, by kind."""
    found = []
    for kind, title in _KINDS.items():
        of_kind = [finding for finding in audit.findings if finding.kind == kind]
        if of_kind:
            found.append(FaultyFiles(title, len(of_kind), _by_message(of_kind)))
    return found


def _by_message(findings: Sequence[Finding]) -> tuple[FileList, ...]:
    def message(finding: Finding) -> str:
        return finding.message

    lists = []
    for said, group in groupby(sorted(findings, key=message), message):
        files = [finding.file_a for finding in group]
        lists.append(FileList(said, len(files), tuple(files[:_MOST_FILES])))
    return tuple(lists[:_MOST_MESSAGES])


def split_table(audit: Audit) -> Table:
    """How many images, patients and papers each split and class has, absent files included."""
    rows = [
        (
            count.split or "none",
            count.label,
            f"{count.images:,}",
            f"{count.patients:,}",
            f"{count.without_patient:,}",
            f"{count.sources:,}",
            "{}, {:g}, {}".format(*count.slices) if count.slices else "unknown",
        )
        for count in audit.counts
    ]
    head = (
        "split",
        "class",
        "images",
        "patients",
        "images without patient id",
        "papers",
        "slices of a patient: least, median, most",
    )
    return Table("Images, patients and papers, by list, absent files included", head, tuple(rows))


def giveaway_table(audit: Audit) -> Table:
    """Facts of a file that one class has."""
    rows = [
        (
            f"{found.name} {found.value}",
            found.split or "all",
            found.label,
            f"{found.n_label:,} of {found.n_value:,}",
            f"{found.n_label / found.n_class:.0%} of {found.n_class:,}",
            f"{found.p:.0e}",
        )
        for found in audit.giveaways
    ]
    head = ("fact", "split", "class", "files with it", "share of the class", "chance")
    note = "chance: exact test over patients or papers" if rows else ""
    return Table("Facts of a file that (nearly) only one class has", head, tuple(rows), note)


def distribution_tables(audit: Audit) -> list[Table]:
    """What the files of each class are like; what all files share is left out."""
    tables = []
    for name, of_label in audit.distributions.items():
        counted = name in PROPERTIES  # else measured: smallest, quartiles and largest
        different = {
            one for values in of_label.values() for one in (values if counted else values.values())
        }
        if len(different) < 2:
            continue
        names = _most_frequent(of_label) if counted else list(next(filter(None, of_label.values())))
        labels = sorted(of_label)
        rows = tuple((one, *(_cell(of_label[label], one) for label in labels)) for one in names)
        note = _further(len(different) - len(names)) if counted else ""
        tables.append(Table(name, ("value", *labels), rows, note))
    return tables


def _most_frequent(of_label: Mapping[str, Mapping[str, float]]) -> list[str]:
    totals: Counter[str] = Counter()
    for counts in of_label.values():
        totals.update({value: int(n) for value, n in counts.items()})
    return [value for value, _ in totals.most_common(_MOST_VALUES)]


def _cell(values: Mapping[str, float], value: str) -> str:
    if not values:
        return "-"  # no file of the class could be read
    number = values.get(value, 0)
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"


def _further(n: int) -> str:
    return f"{n:,} rarer values are left out; audit.json has them." if n > 0 else ""
