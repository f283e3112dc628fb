"""Every picture decoded once, in worker processes; what is measured on it comes back in order."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.file_facts import FileFacts, file_facts
from lungseg.errors import UnreadableError
from lungseg.io import read_slices
from lungseg.shrinking import shrunk

LONGEST_SIDE = 512  # pixels; larger pictures are reduced before they are measured
_FILES_PER_TASK = 8  # sending one file at a time costs more than a small picture
_TASKS_AHEAD = 3  # for each worker: bounds the results that wait in memory

Measured = TypeVar("Measured")
Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class ReadFile(Generic[Measured]):
    """``facts`` of the header; ``digest`` of the decoded grey pixels at full size, ``constant``
    when they are all the same, ``measured`` on the reduced grey picture.

    All three are None or False, and ``error`` says why, when it cannot be decoded.
    """

    facts: FileFacts
    digest: str | None = None
    constant: bool = False
    measured: Measured | None = None
    error: str = ""


def read_files(
    paths: Sequence[Path], measure: Callable[[Grey], Measured], workers: int = 0
) -> Iterator[ReadFile[Measured]]:
    """Read ``paths`` in order by ``workers`` processes (0: in this one).

    ``measure`` is given the first page in grey, uint8 H x W, its longer side at most LONGEST_SIDE;
    with workers it must be a function of a module. Memory does not grow with the number of files,
    but for what the caller keeps.
    """
    if workers == 0:
        for path in paths:
            yield read_file(path, measure)
        return
    # spawned, because a fork beside running threads (torch, OpenCV) can hang
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread)
    tasks: deque[Future[list[ReadFile[Measured]]]] = deque()
    try:
        for batch in _batches(paths):
            tasks.append(pool.submit(_read_batch, batch, measure))
            if len(tasks) > workers * _TASKS_AHEAD:
                yield from tasks.popleft().result()
        while tasks:
            yield from tasks.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def read_file(path: Path, measure: Callable[[Grey], Measured]) -> ReadFile[Measured]:
    """One file; see read_files."""
    facts = file_facts(path)
    try:
        pixels = next(read_slices(path)).pixels
    except UnreadableError as error:
        return ReadFile(facts, error=str(error))
    except StopIteration:
        return ReadFile(facts, error=f"{path} has no picture in it")
    digest = hashlib.blake2b(pixels.tobytes(), digest_size=16)
    digest.update(repr(pixels.shape).encode())
    return ReadFile(
        facts,
        digest.hexdigest(),
        bool(pixels.min() == pixels.max()),
        measure(shrunk(np.round(pixels * 255).astype(np.uint8), LONGEST_SIDE)),
    )


def _read_batch(
    paths: Sequence[Path], measure: Callable[[Grey], Measured]
) -> list[ReadFile[Measured]]:
    return [read_file(path, measure) for path in paths]


def _batches(paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
    return (
        paths[start : start + _FILES_PER_TASK] for start in range(0, len(paths), _FILES_PER_TASK)
    )


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(0)  # the processes share the cores already
