"""The slices of many files in their order, decoded a few files ahead by threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from lungseg.errors import UnreadableError
from lungseg.io import read_slices
from lungseg.slice import Slice

FILES_AHEAD_PER_WORKER = 2  # one being decoded and one ready keep a thread busy


@dataclass(frozen=True)
class Item:
    """What becomes one row: a slice, or why there is none.

    ``position``: of its file among all inputs. ``index``: from 0 within its file. ``slice`` is
    None when the file, or the rest of it, cannot be decoded; ``error`` then says why.
    """

    position: int
    index: int
    slice: Slice | None
    error: str = ""


def read_ahead(
    files: Sequence[Path],
    workers: int,
    hu_offset: float | None = None,
    start: tuple[int, int] = (0, 0),
) -> Generator[Item]:
    """Yield the items of ``files`` in order, from ``start`` = (file, item within it) on.

    ``workers`` threads decode the first slice of the files ahead (0: none); the further pages of a
    file are decoded when their turn comes, so that memory does not grow with their number.
    """
    first, skip = start
    tasks = [(i, skip if i == first else 0) for i in range(first, len(files))]
    if workers == 0:
        for position, skipped in tasks:
            yield from islice(_items(files[position], position, hu_offset), skipped, None)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="read-ahead")
    opened: deque[Future[Iterator[Item]]] = deque()
    try:
        for position, skipped in tasks:
            opened.append(pool.submit(_open, files[position], position, hu_offset, skipped))
            if len(opened) > workers * FILES_AHEAD_PER_WORKER:
                yield from opened.popleft().result()
        while opened:
            yield from opened.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _open(file: Path, position: int, hu_offset: float | None, skip: int) -> Iterator[Item]:
    """The items of a file, the first of which is decoded already."""
    items = islice(_items(file, position, hu_offset), skip, None)
    return chain(list(islice(items, 1)), items)


def _items(file: Path, position: int, hu_offset: float | None) -> Iterator[Item]:
    index = 0
    try:
        for slice_ in read_slices(file, hu_offset):
            yield Item(position, index, slice_)
            index += 1
    except UnreadableError as error:
        yield Item(position, index, None, str(error))
        return
    if index == 0:
        yield Item(position, 0, None, f"{file} has no slice in it")
