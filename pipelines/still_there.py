"""Whether the disk or share of the inputs is still there, when a file of them cannot be read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from lungseg.errors import LungsegError
from lungseg.io.archive import InputFile, Member


def check_there(files: Iterable[InputFile]) -> None:
    """Raise LungsegError when a folder of files that were found has gone, or is empty now.

    To be asked before a file becomes ``unreadable``, which a run that is resumed does not read
    again.
    """
    for folder in sorted({_folder(file) for file in files}):
        try:
            with os.scandir(folder) as entries:
                gone = next(entries, None) is None
        except PermissionError:  # it may let its files be read all the same
            gone = False
        except OSError:
            gone = True
        if gone:
            raise LungsegError(
                f"{folder} has gone while its files were read: see that its disk or share is there"
            )


def _folder(file: InputFile) -> Path:
    """The folder of a file on the disk, or of the archive that it is in."""
    while isinstance(file, Member):
        file = file.archive
    return file.parent
