"""One run at a time in an output folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lungseg.errors import UsageError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold ``folder`` against other runs; leaves no file, and ends with the process at the latest.

    Holds nothing where the system (Windows), or the file system of ``folder``, has no such locks.
    Raises UsageError while another run holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    held = os.open(folder, os.O_RDONLY)  # no child inherits it, and so outlives this run with it
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise UsageError(
            f"another run writes to {folder}: wait for it, or choose another --out"
        ) from error
    except OSError:  # no locks here
        pass
    try:
        yield
    finally:
        os.close(held)
