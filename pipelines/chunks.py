"""How many slices are computed at once, and their rows saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunk_after(done: int, most: int) -> int:
    """Slices in the chunk that begins after ``done`` others: 1, 2, 4 and so on up to ``most``.

    So the first row does not wait for a whole batch. ``done`` alone decides, so that a run that
    goes on after a whole chunk computes the same chunks as an undisturbed one.
    """
    return min(done + 1, most)


def chunks(items: Iterable[T], most: int, done: int = 0) -> Iterator[list[T]]:
    """``items`` in chunks of :func:`chunk_after`, where ``done`` have gone before; the last one may
    be shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, chunk_after(done, most))):
        yield chunk
        done += len(chunk)
