"""Files that are there whole or not at all."""

from __future__ import annotations

import glob
import json
import os
from pathlib import Path

TEMPORARY = ".tmp"
# bytes of a file name, so that on all common file systems the temporary one has room as well
LONGEST_NAME = 255 - len(f".{2**32}{TEMPORARY}")


def write_whole(file: Path, content: bytes) -> None:
    """Write ``content`` under a temporary name beside ``file``, flush it to disk, rename it.

    Raises OSError and leaves nothing behind when the disk is full or the folder read-only.
    """
    # two processes may write the same file at once
    temporary = file.with_name(f"{file.name}.{os.getpid()}{TEMPORARY}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(file: Path, content: object) -> None:
    """Write ``content`` as JSON for programs and people, as :func:`write_whole` does."""
    write_whole(file, (json.dumps(content, indent=2) + "\n").encode("ascii"))


def remove_left(*files: Path) -> None:
    """Remove what a process left of the files when it was killed while it wrote them whole."""
    for file in files:
        for left in file.parent.glob(f"{glob.escape(file.name)}.*{TEMPORARY}"):
            left.unlink(missing_ok=True)
