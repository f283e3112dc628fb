"""The rows of ``predictions.csv``: how one is printed, and the journal that rows grow in."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from lungseg.errors import UsageError
from pipelines.chunks import chunk_after
from pipelines.prediction import Prediction
from pipelines.text import one_line, readable

COLUMNS = (
    "path",
    "slice",
    "status",
    "probability",
    "label",
    "threshold",
    "lung_fraction",
    "x_min",
    "y_min",
    "x_max",
    "y_max",
    "message",
    "lesion_fraction",  # from here on later columns: appended, never inserted
    "band",
    "lung_ml",
    "lesion_ml",
    "file",
)

PATIENT = "patient_id"  # the last column, where ids or hashes of them are asked for

# A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@")


def row_of(prediction: Prediction) -> tuple[str, ...]:
    """The cells of one prediction, as text, in the order of COLUMNS."""
    box = ("", "", "", "") if prediction.box is None else tuple(str(v) for v in prediction.box)
    return (
        cell_of_path(prediction.path),
        str(prediction.slice),
        prediction.status,
        fixed(prediction.probability),
        prediction.label or "",
        fixed(prediction.threshold),
        fixed(prediction.lung_fraction),
        *box,
        cell_of_message(prediction.message),
        fixed(prediction.lesion_fraction),
        prediction.band or "",
        fixed(prediction.lung_ml),
        fixed(prediction.lesion_ml),
        cell_of_path(prediction.file or prediction.path),
    )


def cell(row: Sequence[str], column: str) -> str:
    """The cell of a row in one of COLUMNS."""
    return row[COLUMNS.index(column)]


def cell_of_path(path: str) -> str:
    """A relative path as it is written: ``./`` before a name that a spreadsheet would compute.

    Bytes of a name that are no UTF-8 are written as ``\\xff``, so that any reader takes the file.
    """
    name = readable(path)
    return f"./{name}" if name.startswith((*_FORMULA_STARTS, "\t", "\r")) else name


def cell_of_message(message: str) -> str:
    """A sentence as it is written: on one line, and nothing that a spreadsheet would compute."""
    line = one_line(message)
    return f"'{line}" if line.startswith(_FORMULA_STARTS) else line


def fixed(value: float | None) -> str:
    """A number with six digits after the point; empty for None."""
    return "" if value is None else f"{value:.6f}"


class Journal:
    """A table in the making: rows that are on disk chunk by chunk, whole at the end.

    Opened on an existing part file, it keeps the whole chunks, of up to ``most`` rows as
    :func:`pipelines.chunks.chunk_after` says, and drops what was torn off after them, so that the
    rest can be computed in the same chunks as in an undisturbed run. ``kept`` are the rows that it
    found. ``columns``: the header. Raises UsageError, and changes nothing, for a part file of other
    columns.
    """

    def __init__(self, part: Path, most: int, columns: tuple[str, ...] = COLUMNS) -> None:
        self.part = part
        rows, size = _whole_chunks(part, most, columns) if part.exists() else ([], 0)
        self.kept: list[tuple[str, ...]] = rows
        self._file = part.open("r+b" if part.exists() else "x+b")
        self._file.truncate(size)
        self._file.seek(size)
        if size == 0:
            self._file.write(as_csv([columns]))
            self._file.flush()

    def append(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Add one chunk; when this returns, a killed process no longer loses it."""
        self._file.write(as_csv(rows))
        self._file.flush()

    def finish(self, whole: Path) -> None:
        """Make the journal the file ``whole``, in one step."""
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self.part, whole)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as they are written to a file, UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _records(part: Path) -> Iterator[bytes]:
    """The records that end whole; a line break inside quotes does not end one."""
    record = b""
    with part.open("rb") as file:
        for line in file:
            record += line
            if record.endswith(b"\n") and record.count(b'"') % 2 == 0:
                yield record
                record = b""


def _whole_chunks(
    part: Path, most: int, columns: tuple[str, ...]
) -> tuple[list[tuple[str, ...]], int]:
    """The rows of all whole chunks, and the bytes that they and the header take."""
    rows: list[tuple[str, ...]] = []
    size = end = whole = 0
    for number, record in enumerate(_records(part)):
        try:
            cells = tuple(next(csv.reader(io.StringIO(record.decode("utf-8"), newline=""))))
        except (UnicodeDecodeError, StopIteration, csv.Error):
            break
        if number == 0 and cells != columns:
            raise UsageError(
                f"{part} has other columns than this version writes ({','.join(columns)}): go on "
                "with the version that began it, or replace the run with --overwrite"
            )
        if len(cells) != len(columns):
            break
        end += len(record)
        if number == 0:
            size = end
            continue
        rows.append(cells)
        if len(rows) == whole + chunk_after(whole, most):
            size, whole = end, len(rows)
    return rows[:whole], size
