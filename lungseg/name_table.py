"""Tables that say something of files by their names: whose slices they are, or in which split."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from lungseg.errors import UsageError
from lungseg.io.formats import stem_of

# ``slice`` last: beside another of these it is the number of the slice in its file
NAME_COLUMNS = ("file", "path", "image", "case", "name", "slice")


def read_name_table(table: Path, column: str) -> list[tuple[str, str]]:
    """Name and value of every row of a CSV with one of ``NAME_COLUMNS`` and ``column``.

    Cells may be separated by commas, semicolons or tabs, the text may be UTF-8 or, as Excel's
    "Unicode text", UTF-16. Rows that lack one of both are left out. Raises UsageError for a file
    that cannot be read or lacks a column.
    """
    try:
        content = table.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the {column}s in {table}: {error.strerror}") from error
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
        rows = _rows(text)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"cannot read the {column}s in {table}, which is no CSV in UTF-8; a spreadsheet should "
            "save it as CSV UTF-8"
        ) from error
    columns = [name.lower() for name in next(rows, [])]
    named = next((name for name in NAME_COLUMNS if name in columns), None)
    if named is None or column not in columns:
        raise UsageError(
            f"{table} has the columns {', '.join(columns) or 'of an empty file'}; needed are "
            f"{column} and one of {', '.join(NAME_COLUMNS)}"
        )
    cells = (dict(zip(columns, row, strict=False)) for row in rows)
    pairs = ((of.get(named, ""), of.get(column, "")) for of in cells)
    return [(name, value) for name, value in pairs if name and value]


def _rows(text: str) -> Iterator[list[str]]:
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    return ([cell.strip() for cell in row] for row in read)


class FileNames:
    """The files of a data set by what a table may call them: the path below the folder, or so much
    of its end as no other file has, with suffix or without.

    A name with another suffix is that file in another format. Letters with marks are the same
    whether composed or not, as file systems differ in it.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        """``paths``: POSIX, below the folder of the data."""
        keys = {path: plain(path) for path in paths}
        self._of_name = _by_end(keys)
        self._of_stem = _by_end({path: stem_of(key) for path, key in keys.items()})

    def find(self, name: str) -> str | None:
        """The path of the file that ``name`` is of; None where there is none.

        Raises UsageError where it may be several.
        """
        key = plain(name)
        found = self._of_name.get(key) or self._of_stem.get(stem_of(key), [])
        if len(found) > 1:
            raise UsageError(
                f"{name} may be {' or '.join(found[:2])}; write the path with its folder"
            )
        return found[0] if found else None


def plain(name: str) -> str:
    """``name`` as a POSIX path with composed letters, whichever way it is written."""
    return unicodedata.normalize("NFC", PurePosixPath(name.replace("\\", "/")).as_posix())


def _by_end(keys: Mapping[str, str]) -> dict[str, list[str]]:
    """Paths by every end of their key; one whose whole key it is comes before all others."""
    whole: dict[str, list[str]] = {}
    ends: dict[str, list[str]] = {}
    for path, key in keys.items():
        whole.setdefault(key, []).append(path)
        while "/" in key:
            key = key.partition("/")[2]
            ends.setdefault(key, []).append(path)
    return ends | whole
