"""The slices of many inputs in their order, decoded a few slices ahead by processes."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lungseg.io import Input, Reading
from lungseg.slice import Slice
from pipelines.decoder import Decoder
from pipelines.decoding import Decoded, decoded
from pipelines.still_there import check_there

SECONDS = 120.0  # from one slice to the next: a volume of 1,000 slices, packed, on a slow share


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
    seconds: float = SECONDS,
) -> Generator[Item]:
    """Yield the items of ``inputs`` in order, from ``start`` = (input, item within it) on.

    ``workers`` processes take the inputs in turn and decode a few slices ahead each, so that memory
    does not grow with their number; a file that takes more than ``seconds`` for a slice, or crashes
    its process, is an item that says so. With 0 workers, slices are decoded here, without a limit.
    Raises LungsegError when a process cannot be started, and when a file cannot be decoded because
    its folder has gone, as with a share that drops out.
    """
    first, skip = start
    decoders: list[Decoder] = []
    try:
        for turn in range(min(workers, len(inputs) - first)):
            its_inputs = [one.parts for one in inputs[first + turn :: workers]]
            decoders.append(Decoder(its_inputs, reading, seconds))
        for position in range(first, len(inputs)):
            found: Iterable[Decoded]
            if workers:
                found = decoders[(position - first) % workers].next_input()
            else:
                found = _here(inputs[position], reading)
            for index, (slice_, error) in enumerate(found):
                if slice_ is None:
                    check_there(part.file for part in inputs[position].parts)
                if position > first or index >= skip:
                    yield Item(position, index, slice_, error)
    finally:
        for decoder in decoders:
            decoder.stop()


def _here(one: Input, reading: Reading) -> Iterator[Decoded]:
    for part in one.parts:
        yield from decoded(part, reading)
