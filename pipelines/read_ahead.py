"""The slices of many inputs in their order, decoded a few inputs ahead by threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice

from lungseg.errors import UnreadableError
from lungseg.io import Input, Part, Reading, read_part
from lungseg.slice import Slice

INPUTS_AHEAD_PER_WORKER = 2  # one being decoded and one ready keep a thread busy


@dataclass(frozen=True)
class Item:
    """What becomes one row: a slice, or why there is none.

    ``position``: of its input among all. ``index``: from 0 within its input. ``slice`` is None when
    a file of the input, or the rest of it, cannot be decoded; ``error`` then says why, with the
    name of the file as ``Part`` has it.
    """

    position: int
    index: int
    slice: Slice | None
    error: str = ""


def read_ahead(
    inputs: Sequence[Input],
    workers: int,
    reading: Reading = Reading(),  # noqa: B008  # frozen
    start: tuple[int, int] = (0, 0),
) -> Generator[Item]:
    """Yield the items of ``inputs`` in order, from ``start`` = (input, item within it) on.

    ``workers`` threads decode the first slice of the inputs ahead (0: none); the further slices of
    an input are decoded when their turn comes, so that memory does not grow with their number.
    """
    first, skip = start
    tasks = [(i, skip if i == first else 0) for i in range(first, len(inputs))]
    if workers == 0:
        for position, skipped in tasks:
            yield from islice(_items(inputs[position], position, reading), skipped, None)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="read-ahead")
    opened: deque[Future[Iterator[Item]]] = deque()
    try:
        for position, skipped in tasks:
            opened.append(pool.submit(_open, inputs[position], position, reading, skipped))
            if len(opened) > workers * INPUTS_AHEAD_PER_WORKER:
                yield from opened.popleft().result()
        while opened:
            yield from opened.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _open(one: Input, position: int, reading: Reading, skip: int) -> Iterator[Item]:
    """The items of an input, the first of which is decoded already."""
    items = islice(_items(one, position, reading), skip, None)
    return chain(list(islice(items, 1)), items)


def _items(one: Input, position: int, reading: Reading) -> Iterator[Item]:
    found = (item for part in one.parts for item in _slices(part, reading))
    for index, (slice_, error) in enumerate(found):
        yield Item(position, index, slice_, error)


def _slices(part: Part, reading: Reading) -> Iterator[tuple[Slice | None, str]]:
    """The slices of a file, and why there are no more of them."""
    empty = True
    try:
        for slice_ in read_part(part, reading):
            yield slice_, ""
            empty = False
    except UnreadableError as error:
        # where the data lie on this machine is not the business of a row
        yield None, "; ".join((str(error).replace(str(part.file), part.name), *part.notes))
        return
    if empty:
        yield None, f"{part.name} has no slice in it"
