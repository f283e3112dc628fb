"""The file beside a header that has the voxels of its volume: .raw of .mhd, .raw.gz of .nhdr.

A header is written by somebody else: it may name a file in its own folder, and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PureWindowsPath
from typing import BinaryIO

from lungseg.errors import UnreadableError
from lungseg.io.archive import MAX_PART_BYTES, InputFile

SEVERAL = re.compile(r"LIST\b|.*%")  # both formats: a list that follows, or a pattern of names


def data_file(header: InputFile, name: str) -> InputFile:
    """The file ``name`` beside ``header``, on the disk or in the same folder of an archive.

    Raises UnreadableError for several files, a name with a path, and a file that is not there.
    """
    name = name.removeprefix("./")
    shown = name if len(name) <= MAX_PART_BYTES else f"{name[:MAX_PART_BYTES]}..."
    if SEVERAL.match(name):
        raise UnreadableError(
            f"{header} has its voxels in several files ({shown}); save them as one volume"
        )
    # which also knows what leads out of a folder on Windows
    if name == ".." or not name or PureWindowsPath(name).name != name or shown != name:
        raise UnreadableError(
            f"{header} has its voxels in {shown!r}, expected the name of a file in its own folder; "
            "save both as one file"
        )
    found = header.with_name(name)
    if not found.is_file():
        raise UnreadableError(
            f"{header} has its voxels in {name}, which is missing; copy both into one folder"
        )
    return found


@contextmanager
def voxels_of(header: InputFile, rest: BinaryIO, name: str | None) -> Iterator[BinaryIO]:
    """What the voxels are read from: the file ``name`` beside ``header``, or, for None, the
    ``rest`` of the file that the header stands in.

    Of a file beside it, raises what ``data_file`` raises, and UnreadableError, naming both, for
    whatever is raised while it is read.
    """
    if name is None:
        yield rest
        return
    data = data_file(header, name)
    try:
        with data.open("rb") as stream:
            yield stream
    # decompressors raise many kinds on damaged bytes
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        # where the data lie on this machine is told by the header alone
        raise UnreadableError(
            f"{header} has its voxels in {data.name}, which cannot be read "
            f"({said.replace(str(data), data.name)}); one of them is probably cut off or damaged, "
            "copy both again"
        ) from error
