"""The slice of a labelled picture."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from lungseg.errors import UsageError
from lungseg.io import read_slices
from lungseg.slice import Slice


def only_slice(path: Path) -> Slice:
    """The one slice of a file that has a label.

    Raises UsageError for a file of several, of which a label does not say which it is of, and for
    one whose header says that it is no axial CT slice, because a class may be told by its scouts;
    UnreadableError for a file that cannot be decoded.
    """
    first, *more = islice(read_slices(path), 2)
    if more:
        raise UsageError(
            f"{path} has several slices (pages, frames or a volume), and labelled pictures are one "
            "slice a file: write each slice that the label is right of into a file of its own"
        )
    if first.refusal:
        raise UsageError(f"{path} is no axial CT slice ({first.refusal}): take it out of the data")
    return first
