"""Which files of a folder are inputs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lungseg.errors import UsageError
from lungseg.io.archive import head_of
from lungseg.io.data_files import data_files_of
from lungseg.io.formats import HEAD_BYTES, format_of_name, is_input, names_of_formats


@dataclass(frozen=True)
class Inputs:
    """``files`` in an order that depends on nothing but their names, the count of other files
    that were ``ignored``, and sub-folders that could not be listed. ``extensions``: of the ignored
    ones with their counts, the most frequent first; empty for none."""

    files: tuple[Path, ...]
    ignored: int = 0
    unreadable_folders: tuple[Path, ...] = ()
    extensions: tuple[tuple[str, int], ...] = ()


def find_inputs(root: Path) -> Inputs:
    """All inputs in a folder and its sub-folders, or the one file that ``root`` is.

    An input is a file with a known extension in any case, or with the first bytes of a known
    format; what has no extension and cannot be opened, and a link to such a file that leads
    nowhere, is one too, for reading it says so. Hidden files (``.DS_Store``, ``._slice.png``),
    files in hidden folders and all else are counted as ignored, but for the voxels of a header
    beside them; links to folders are not followed. Files are sorted by their POSIX path below
    ``root``, by code point.

    Raises UsageError when ``root`` is missing, cannot be listed, or has no input.
    """
    root = Path(root)
    try:
        if not root.is_dir():
            return Inputs((_single(root),))
        os.listdir(root)
    except OSError as error:
        raise UsageError(
            f"{root} cannot be read ({error.strerror or error}); check its name and permissions"
        ) from error
    unreadable: list[Path] = []
    files = []
    others = []
    for path in _walk(root, unreadable):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if not hidden and _is_input(path):
            files.append(path)
        else:
            others.append(path)
    if not files:
        raise UsageError(_nothing_in(root, len(others), unreadable))
    data = data_files_of(files)
    ignored = [path for path in others if path not in data]
    kinds = Counter(path.suffix.lower() for path in sorted(ignored)).most_common()
    files.sort(key=lambda path: path.relative_to(root).as_posix())
    return Inputs(tuple(files), len(ignored), tuple(sorted(unreadable)), tuple(kinds))


def _single(path: Path) -> Path:
    if not path.exists():
        raise UsageError(f"{path} does not exist; check its spelling")
    if not _is_input(path):
        raise UsageError(f"{path} is not an input; expected a folder, or {names_of_formats()}")
    return path


def _walk(root: Path, unreadable: list[Path]) -> Iterator[Path]:
    """Every entry that is no folder; folders that cannot be listed go to ``unreadable``."""

    def remember(error: OSError) -> None:
        unreadable.append(Path(error.filename))

    for folder, names, files in os.walk(root, onerror=remember):
        # a link to a folder is listed among the folders, though the walk does not enter it
        links = [name for name in names if os.path.islink(os.path.join(folder, name))]
        for name in (*links, *files):
            yield Path(folder, name)


def _is_input(path: Path) -> bool:
    """Also what may be one and cannot be opened: it gets its row, for it may be a slice."""
    try:
        if not path.is_file():
            leads_nowhere = path.is_symlink() and not path.exists()
            return leads_nowhere and format_of_name(path) is not None
        return is_input(path, lambda: head_of(path, HEAD_BYTES))
    except OSError:
        return path.suffix[1:].isdecimal() or not path.suffix  # as exports name DICOM


def _nothing_in(root: Path, ignored: int, unreadable: list[Path]) -> str:
    sentence = f"{root} has no input: no file in it is {names_of_formats()}"
    if ignored:
        sentence += f" ({ignored} other {'files were' if ignored > 1 else 'file was'} ignored)"
    if unreadable:
        sentence += f"; {len(unreadable)} of its folders cannot be listed, such as {unreadable[0]}"
    return sentence
