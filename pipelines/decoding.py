"""The slices of a file as rows need them; as a process, those of many inputs.

``python -m pipelines.decoding`` is started by :mod:`pipelines.decoder`: what to decode comes on its
standard input, slices go to its standard output.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterator
from typing import TypeAlias

from lungseg.errors import UnreadableError
from lungseg.io import Part, Reading, read_part
from lungseg.slice import Slice
from pipelines.text import in_one

Decoded: TypeAlias = tuple[Slice | None, str]  # a slice, or None and why there is none
READY = "ready"
PART_DONE = "part done"


def decoded(part: Part, reading: Reading) -> Iterator[Decoded]:
    """The slices of a file, and why there are no more of them."""
    empty = True
    try:
        for slice_ in read_part(part, reading):
            yield slice_, ""
            empty = False
    except UnreadableError as error:
        # where the data lie on this machine is not the business of a row
        yield None, said_of(part, str(error).replace(str(part.file), part.name))
        return
    if empty:
        yield None, f"{part.name} has no slice in it"


def said_of(part: Part, error: str) -> str:
    """A message about a file, with what its series says of it."""
    return in_one((error, *part.notes))


def main() -> None:
    """Decode the parts of each input that is named on standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    with os.fdopen(os.dup(1), "wb") as found:
        os.dup2(2, 1)  # what a decoder prints must not stand between the slices

        def send(message: object) -> None:
            pickle.dump(message, found, pickle.HIGHEST_PROTOCOL)
            found.flush()

        inputs, reading = pickle.load(sys.stdin.buffer)
        send(READY)
        for parts in inputs:
            for part in parts:
                for one in decoded(part, reading):
                    send(one)
                send(PART_DONE)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os._exit(1)  # the one who wanted the slices has gone; Python would complain at exit
