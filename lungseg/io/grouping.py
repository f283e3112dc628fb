"""From files to inputs: DICOM files become series, archives their members."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from lungseg.errors import UnreadableError, UsageError
from lungseg.io.archive import InputFile, Member, head_of, members
from lungseg.io.data_files import DETACHED, data_files_of
from lungseg.io.dicom.series import Named, Series, group_series
from lungseg.io.formats import HEAD_BYTES, format_of_content, format_of_name, is_input

if TYPE_CHECKING:
    from lungseg.io.dicom.header import Header


@dataclass(frozen=True)
class Part:
    """A file of an input, with its POSIX ``name`` below the folder that was given.

    Its slices carry the ``notes`` and, in a series, the ``step``: mm to the next one, and how many
    slices are ``sharing`` its place.
    """

    file: InputFile
    name: str
    notes: tuple[str, ...] = ()
    step: float | None = None
    sharing: int = 1


@dataclass(frozen=True)
class Input:
    """What has its rows under one ``name``: a picture, a volume, a DICOM series, or a file that
    cannot be read. ``parts``: in the order of the slices. ``format``: of its content, empty where
    it is not known."""

    name: str
    parts: tuple[Part, ...]
    format: str = ""

    def part_of(self, index: int) -> Part:
        """The file of slice ``index``: of several, each has one slice."""
        return self.parts[index] if len(self.parts) > 1 else self.parts[0]


@dataclass(frozen=True)
class Grouped:
    """Inputs in the order of their first files, and the count of members of archives, and of
    tables of contents, that were ``ignored``."""

    inputs: tuple[Input, ...]
    ignored: int = 0


def group_inputs(files: Iterable[InputFile], root: Path | None = None) -> Grouped:
    """The inputs in ``files``, named by their path below ``root`` (None: by their own path).

    A DICOM series is the files of one patient, study, SeriesInstanceUID, orientation and matrix,
    wherever they lie; it has the name of their common folder where no other input has that, else
    that of its first file. The members of a zip archive are inputs as in a folder; a file with the
    voxels of a header beside it is none of its own. Reads the first bytes of all files and the
    headers of DICOM files and volumes. What cannot be read is an input that says so when it is
    read.
    """
    known: list[Part] = []
    dicom: list[Named] = []
    found = list(_parts(files, root))
    ignored = found.count(None)
    given = [part for part in found if part is not None]
    formats = {part.name: format_of(part.file) for part in given}
    for part in _without_data_files(given, formats):
        if formats[part.name] == "DICOM":
            header = _named(part)
            if header is not None and header.header.is_directory:
                ignored += 1
                continue
            dicom += [header] if header is not None else []
        known.append(part)
    series = {min(one.names): one for one in group_series(dicom)}
    in_series = {name for one in series.values() for name in one.names}
    of_name = {part.name: part.file for part in known}
    names = _names(series.values(), of_name, root)
    inputs = []
    for part in known:
        one = series.get(part.name)
        if one is not None:
            parts = tuple(
                Part(of_name[name], name, notes, one.step, sharing)
                for name, notes, sharing in zip(one.names, one.notes, one.sharing, strict=True)
            )
            inputs.append(Input(names[part.name], parts, "DICOM"))
        elif part.name not in in_series:
            inputs.append(Input(part.name, (part,), formats[part.name]))
    return Grouped(tuple(inputs), ignored)


def inputs_in(archive: InputFile) -> tuple[list[Member], set[Member]]:
    """The members of a zip that are inputs, by their path, and the others but for voxels.

    Raises what ``members`` raises, and UnreadableError for two inputs of one path.
    """
    found = members(archive)
    wanted = [member for member in found if _is_member(member)]
    for one, other in pairwise(wanted):
        if one.path == other.path:
            raise UnreadableError(f"{archive} holds two files named {one.path}; unpack it yourself")
    return wanted, set(found) - set(wanted) - data_files_of(wanted)


def check_slices(grouped: Grouped, root: Path) -> None:
    """Raise UsageError where ``root`` has no input but tables of contents, or is one."""
    if grouped.inputs:
        return
    if root.is_dir() or format_of(root) == "ZIP":
        raise UsageError(
            f"{root} has no slice: its files are tables of contents (DICOMDIR); pass the folder of "
            "the slices"
        )
    raise UsageError(
        f"{root} is a table of contents (DICOMDIR), no slice: pass the folder that it lies in"
    )


def _parts(files: Iterable[InputFile], root: Path | None) -> Iterator[Part | None]:
    """Each file with its name, archives unfolded; None for a member that is no input."""
    for file in files:
        yield from _unfolded(Part(file, _name(file, root)))


def _unfolded(part: Part) -> Iterator[Part | None]:
    if format_of(part.file) != "ZIP":
        yield part
        return
    try:
        wanted, others = inputs_in(part.file)
    except UnreadableError:
        yield part  # reading it says what is wrong with it
        return
    if not wanted:
        yield part
        return
    yield from (None for _ in others)
    for member in wanted:
        yield from _unfolded(Part(member, f"{part.name}/{member.path}"))


def _without_data_files(parts: Sequence[Part], formats: Mapping[str, str]) -> list[Part]:
    """``parts`` without those whose bytes look like an input by accident, being voxels.

    What is named like an input, or is a header itself, stays, whatever another header says.
    """
    headers = {part.file for part in parts if formats[part.name] in DETACHED}
    data = data_files_of(headers) - headers
    return [
        part for part in parts if part.file not in data or format_of_name(part.file) is not None
    ]


def _is_member(member: InputFile) -> bool:
    try:
        return is_input(member, lambda: head_of(member, HEAD_BYTES))
    except UnreadableError:
        return True  # it gets its row, for it may have been a slice


def format_of(file: InputFile) -> str:
    """The name of the format of the content, empty where there is none or it cannot be read."""
    try:
        found = format_of_content(head_of(file, HEAD_BYTES))
    except (OSError, UnreadableError):
        return ""
    return found.name if found is not None else ""


def dicom_header(file: InputFile) -> Header | None:
    """The header of a DICOM file, None where it cannot be read."""
    from lungseg.io.dicom.header import read_header

    try:
        return read_header(file)
    except Exception:  # whatever it is, reading the file will say it in its row
        return None


def _named(part: Part) -> Named | None:
    """A DICOM file as series are made of, None where its header cannot be read."""
    header = dicom_header(part.file)
    archive = str(part.file.archive) if isinstance(part.file, Member) else ""
    return None if header is None else Named(part.name, header, archive)


def _name(file: InputFile, root: Path | None) -> str:
    """``file`` below ``root`` with slashes; its name where ``root`` is the file."""
    if root is None or not isinstance(file, Path):
        return str(file)
    return file.relative_to(root).as_posix() if file != root else file.name


def _names(series: Iterable[Series], files: Iterable[str], root: Path | None) -> dict[str, str]:
    """What each series is called, by the name of its first file; ``files``: the names of all."""
    folders = {min(one.names): _folder(one, root) for one in series}
    taken = Counter(folders.values())
    taken.update(list(files))  # the folder that was given has a name that a file in it may have
    return {
        first: folder if folder and taken[folder] == 1 else first
        for first, folder in folders.items()
    }


def _folder(series: Series, root: Path | None) -> str:
    """The common folder of the files of a series; nothing for a single file."""
    if len(series.names) == 1:
        return ""
    folder = posixpath.commonpath([posixpath.dirname(name) for name in series.names])
    return folder or (root.resolve().name if root is not None else "")
