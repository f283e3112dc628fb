"""A process that decodes inputs one after the other, and is replaced when it dies or hangs."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from lungseg.errors import LungsegError
from lungseg.io import Part, Reading
from pipelines.decoding import PART_DONE, READY, Decoded, said_of

SLICES_AHEAD = 2  # of each process; one more is on its way, and one in the making
SECONDS_TO_START = 300  # a machine that swaps, or a share that sleeps
SECONDS_TO_END = 5  # of a process that has closed its output
DIED = "died"  # or nothing that comes from it can be read


class Decoder:
    """Decodes ``inputs``, each a sequence of parts, in their order, a few slices ahead.

    A file that kills the process, or takes more than ``seconds`` from one slice to the next, costs
    one row that names it; a new process goes on with the next file. It is a process and not a
    thread, because nothing else stops a decoder of compressed pixels that hangs or crashes.
    """

    def __init__(self, inputs: Sequence[Sequence[Part]], reading: Reading, seconds: float) -> None:
        self._inputs = deque(inputs)
        self._reading = reading
        self._seconds = seconds
        self._start()

    def next_input(self) -> Iterator[Decoded]:
        """The slices of the next input, or why one of its files has no more.

        Raises LungsegError when a process does not start.
        """
        parts = self._inputs[0]
        while parts:
            if not self._ready:
                self._await_start()
            message = self._message(self._seconds)
            if message == PART_DONE:
                parts = parts[1:]
            elif isinstance(message, tuple):
                yield message
            else:
                yield None, said_of(parts[0], self._cause(parts[0], message))
                parts = parts[1:]
                self.stop()
                self._inputs[0] = parts
                self._start()
        self._inputs.popleft()

    def kill(self) -> None:
        """End the process; the file that it decodes gets a row, and another process goes on."""
        self._process.kill()

    def stop(self) -> None:
        """End the process for good, whatever it is doing."""
        self.kill()
        while self._receiver.is_alive():  # it may wait for room
            self._message(0.01)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _start(self) -> None:
        # -P: not from the current folder, which may be that of the data
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pipelines.decoding"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._messages: Queue[Any] = Queue(SLICES_AHEAD)
        self._receiver = Thread(
            target=_receive, args=(self._process.stdout, self._messages), daemon=True
        )
        self._receiver.start()
        try:
            with self._process.stdin as stream:
                pickle.dump((list(self._inputs), self._reading), stream)
        except BrokenPipeError:
            pass  # it has died; that it is not ready says so
        self._ready = False

    def _await_start(self) -> None:
        if self._message(SECONDS_TO_START) != READY:
            raise LungsegError(
                "the process that decodes could not be started (--workers 0 decodes without one)"
            )
        self._ready = True

    def _message(self, seconds: float) -> Any:
        """What comes next from the process; None when nothing comes."""
        try:
            return self._messages.get(timeout=seconds)
        except Empty:
            return None

    def _cause(self, part: Part, message: str | None) -> str:
        if message is None:
            return (
                f"{part.name} takes more than {self._seconds:g} s to decode; it is damaged or on a "
                "slow disk: copy it to this machine, or give it more with --timeout"
            )
        try:
            code = self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.kill()
            return (
                f"what came from the process that decoded {part.name} could not be read; the "
                "file is damaged, or memory has run out: give fewer --workers"
            )
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        why = "it is probably damaged"
        if how == "SIGKILL":  # as Linux ends a process where memory has run out
            why += ", or memory has run out: give fewer --workers"
        return f"{part.name} ended the process that decoded it ({how}); {why}"


def _receive(stream: IO[bytes], messages: Queue[Any]) -> None:
    try:
        while True:
            messages.put(pickle.load(stream))
    except Exception:  # cut off within a message, or between two; or one that cannot be read
        pass
    finally:
        messages.put(DIED)
