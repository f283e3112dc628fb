"""``cases.csv``: how a case is printed, and the table as a whole."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from lungseg.whole_file import write_whole
from pipelines.cases import Case
from pipelines.prediction import LABELS
from pipelines.results import as_csv, cell_of_message, cell_of_path, fixed

CASE_COLUMNS = (
    "path",
    "case",
    "slices",
    "ok",
    "probability",
    "label",
    "threshold",
    "band",
    "deciding",
    "lung_ml",
    "lesion_fraction",
    "message",
)


def write_cases(
    cases: Iterable[Case], table: Path, most: int, columns: tuple[str, ...] = CASE_COLUMNS
) -> tuple[dict[str, int], list[Case]]:
    """Write the table, whole; returns counts, and the ``most`` cases (1 or more) to look at first.

    They are those of highest probability, without one last. The counts are of all ``cases``, of
    those with each label and of those ``without`` probability. ``columns``: CASE_COLUMNS, and the
    patient's where the rows have it.
    """
    rows = bytearray(as_csv([columns]))
    counts: Counter[str] = Counter(dict.fromkeys(("cases", *LABELS, "without"), 0))

    def written() -> Iterator[Case]:
        for case in cases:
            rows.extend(as_csv([row_of_case(case)]))
            counts.update(("cases", case.label or "without"))
            yield case

    highest = heapq.nlargest(most, written(), key=_rank)
    write_whole(table, bytes(rows))
    return dict(counts), highest


def _rank(case: Case) -> float:
    return -1.0 if case.probability is None else case.probability


def row_of_case(case: Case) -> tuple[str, ...]:
    """The cells of a case, in the order of CASE_COLUMNS, and its patient where the rows have one.

    ``deciding`` has the slices' numbers, in a folder the names of their files (``name#number`` for
    a further page).
    """
    return (
        cell_of_path(case.name.path),
        case.name.kind,
        str(case.slices),
        str(case.ok),
        fixed(case.probability),
        case.label or "",
        fixed(case.threshold),
        case.band or "",
        _deciding(case),
        fixed(case.lung_ml),
        fixed(case.lesion_fraction),
        cell_of_message(case.message),
        *([] if case.patient_id is None else [case.patient_id]),
    )


def _deciding(case: Case) -> str:
    if case.name.kind != "folder":
        return " ".join(str(one.index) for one in case.deciding)
    files = [
        f"{PurePosixPath(one.path).name}{f'#{one.index}' if one.index else ''}"
        for one in case.deciding
    ]
    return cell_of_path("; ".join(files))
