"""Zip archives, read in memory: nothing is unpacked to the disk, so no name leads out of one."""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from zipfile import ZipFile, ZipInfo

from lungseg.errors import UnreadableError

MAX_MEMBERS = 100_000
MAX_MEMBER_BYTES = 2 * 2**30  # a CT of 1,000 slices as float32 takes half of it
# A bomb is a small file that becomes a large one: masks shrink to 1 %, deflate ends at 0.1 %.
MAX_RATIO = 200
UNSUSPICIOUS_BYTES = 2**30
MAX_NAME_BYTES = 1024  # results are written below a member's name: a path that every disk takes
MAX_PART_BYTES = 200
ARCHIVES_KEPT_OPEN = 4
DRIVE = re.compile("[A-Za-z]:")  # of Windows; elsewhere in a name a colon is a time


@dataclass(frozen=True)
class Member:
    """A file in an archive, with what readers use of a ``Path``.

    ``archive``: a zip on the disk, or one that is a member itself. ``path``: POSIX, below it.
    ``entry``: the name as it is written in the archive.
    """

    archive: Path | Member
    path: str
    entry: str

    def __str__(self) -> str:
        return f"{self.archive}/{self.path}"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """The extension with its dot, or nothing."""
        return PurePosixPath(self.path).suffix

    def is_dir(self) -> bool:
        """No: folders in an archive are no members."""
        return False

    def is_file(self) -> bool:
        """Whether the archive has it. Raises OSError, and what a damaged archive raises."""
        return self.entry in _opened(self.archive).NameToInfo

    def with_name(self, name: str) -> Member:
        """Another file, of a ``name`` without a path, in the same folder of the archive."""
        path = PurePosixPath(self.path).with_name(name)
        return Member(self.archive, path.as_posix(), self.entry.removesuffix(self.name) + name)

    def open(self, mode: str = "rb") -> io.BytesIO:
        """The content as a file in memory, checked by its checksum.

        Raises UnreadableError when it is damaged, encrypted or packed in a way not known here.
        """
        return io.BytesIO(self.head(-1))

    def read_bytes(self) -> bytes:
        """The content; raises what ``open`` raises."""
        return self.head(-1)

    def head(self, size: int) -> bytes:
        """The first ``size`` bytes (-1: all); raises what ``open`` raises."""
        try:
            with _opened(self.archive).open(self.entry) as stream:
                return stream.read(size)
        except (UnreadableError, MemoryError):
            raise
        # zipfile and the decompressors below it raise many kinds on damaged bytes
        except Exception as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise UnreadableError(
                f"{self} cannot be unpacked ({said}); the archive is probably cut off, damaged or "
                "encrypted: unpack it yourself, or copy it again"
            ) from error


InputFile: TypeAlias = Path | Member


def head_of(file: InputFile, size: int) -> bytes:
    """The first ``size`` bytes of a file, without unpacking the rest. Raises OSError."""
    if isinstance(file, Member):
        return file.head(size)
    with file.open("rb") as stream:
        return stream.read(size)


def members(archive: InputFile) -> tuple[Member, ...]:
    """The files in a zip by their path, hidden ones left out; two may have one path.

    An archive may lie in an archive, but not in one that lies in a third. Raises UnreadableError
    for a deeper one, what is no zip, and one that is made to harm: names that lead out of it, too
    many members, or much more content than a zip of its size can hold.
    """
    if isinstance(archive, Member) and isinstance(archive.archive, Member):
        raise UnreadableError(f"{archive} lies three archives deep; unpack the outer one")
    try:
        entries = [entry for entry in _opened(archive).infolist() if not entry.is_dir()]
    except UnreadableError:
        raise
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableError(
            f"{archive} cannot be opened as a zip archive ({said}); it is probably cut off or "
            "damaged, copy it again"
        ) from error
    _check_bounds(archive, entries)
    found = []
    for entry in entries:
        path = _safe_path(archive, entry.filename)
        if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(path).parts):
            found.append(Member(archive, path, entry.filename))
    return tuple(sorted(found, key=lambda member: member.path))


def _check_bounds(archive: InputFile, entries: list[ZipInfo]) -> None:
    if len(entries) > MAX_MEMBERS:
        raise UnreadableError(
            f"{archive} holds {len(entries):,} files, expected at most {MAX_MEMBERS:,}; unpack it"
        )
    largest = max((entry.file_size for entry in entries), default=0)
    if largest > MAX_MEMBER_BYTES:
        raise UnreadableError(
            f"{archive} holds a file of {largest:,} bytes, expected at most {MAX_MEMBER_BYTES:,}; "
            "unpack it"
        )
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > UNSUSPICIOUS_BYTES and unpacked > MAX_RATIO * min(packed, _size(archive)):
        raise UnreadableError(
            f"{archive} would unpack to {unpacked:,} bytes, more than {MAX_RATIO} times its size; "
            "it is probably made to fill a disk, unpack it yourself if it is not"
        )


def _safe_path(archive: InputFile, name: str) -> str:
    """``name`` as a POSIX path below the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    outside = path.is_absolute() or ".." in path.parts or DRIVE.match(name)
    if outside or not path.name:
        raise UnreadableError(
            f"{archive} holds a file named {name!r}, which leads out of it; it is damaged or made "
            "to harm, leave it alone or unpack it yourself"
        )
    sizes = [len(os.fsencode(part)) for part in path.parts]
    if sum(sizes) > MAX_NAME_BYTES or max(sizes) > MAX_PART_BYTES:
        raise UnreadableError(
            f"{archive} holds a file with a name of {len(name)} letters, too long to write results "
            "below it; unpack it yourself"
        )
    return path.as_posix()


def _opened(archive: InputFile) -> ZipFile:
    """The archive with its table of contents, which is read once and not for every member."""
    root = archive
    while isinstance(root, Member):
        root = root.archive
    state = root.stat()
    return _kept_open(archive, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=ARCHIVES_KEPT_OPEN)
def _kept_open(archive: InputFile, state: tuple[int, int]) -> ZipFile:
    return ZipFile(archive.open() if isinstance(archive, Member) else archive)


def _size(archive: InputFile) -> int:
    return len(archive.read_bytes()) if isinstance(archive, Member) else archive.stat().st_size
