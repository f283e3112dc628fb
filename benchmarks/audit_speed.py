"""Seconds and memory of the search for copies, by the number of pictures.

    python benchmarks/audit_speed.py
    python benchmarks/audit_speed.py --counts 1000 3000 10000 100000 --workers 2

The pictures are generated: phantoms, each distorted in its own way, so that all are chests and none
is another; one in a hundred is a copy (JPEG of quality 60) of an earlier one. Each count runs in a
process of its own; ``peak_memory_mib`` is that of this process, without those that read.
``cpu_s``: seconds of all cores, user and system, of that process and of those that read, which a
busy machine changes little. ``growth`` and ``growth_cpu`` are the power of the number of pictures
by which ``seconds`` and ``cpu_s`` grew since the count before: 1 where each picture costs the same,
2 where all pairs are compared. 100,000 pictures take 5 GB of temporary files, their traces 6 GB,
and a quarter of an hour to draw, which does not count. Written to ``benchmarks/audit_speed.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from result_file import write_result

from covidcls.audit.copies import near_pairs
from covidcls.audit.neighbours import candidates
from covidcls.audit.reading import read_files
from covidcls.audit.traces import TraceStore, trace
from lungseg.phantom import display, make_phantom
from pipelines.command import CommandParser, ExitCode

SIDE = 320  # as the slices of the published sets, roughly
COPY_EVERY = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="audit_speed.py")
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 3000])
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    parser.add_argument("--in-process", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.in_process:
        print(json.dumps(measured(given.in_process, given.workers)))
        return ExitCode.DONE
    return write_result(by_count, given)


def by_count(given: argparse.Namespace) -> dict[str, Any]:
    """What is measured of each number of pictures, and its growth."""
    result: dict[str, Any] = {"cores": os.cpu_count(), "workers": given.workers, "counts": {}}
    for count in given.counts:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), count)
            command = [sys.executable, __file__, "--workers", str(given.workers)]
            done = subprocess.run(
                [*command, "--in-process", folder], check=True, stdout=subprocess.PIPE, text=True
            )
            result["counts"][str(count)] = json.loads(done.stdout)
    for name, of in (("growth", "seconds"), ("growth_cpu", "cpu_s")):
        result[name] = growth({n: result["counts"][str(n)][of] for n in given.counts})
    return result


def growth(seconds: Mapping[int, float]) -> list[float]:
    """For each count but the first (of ``seconds`` by count) the power since the one before."""
    return [
        round(log(seconds[more] / seconds[fewer]) / log(more / fewer), 2)
        for fewer, more in pairwise(sorted(seconds))
    ]


def measured(folder: Path, workers: int) -> dict[str, float | int]:
    """Seconds of each step over the pictures of ``folder``, and what was found."""
    paths = sorted(folder.iterdir())
    start = spent()
    store = TraceStore(len(paths))
    for index, file in enumerate(read_files(paths, trace, workers)):
        if file.measured is not None:
            store[index] = file.measured
    read = spent()
    looked_at = len(candidates(store, np.arange(len(paths))))
    searched = spent()
    pairs = near_pairs(store, range(len(paths)), workers)
    end = spent()
    found = sum((pair.a, pair.b) == (pair.b - pair.b % COPY_EVERY, pair.b) for pair in pairs)
    planted = sum(index % COPY_EVERY == COPY_EVERY - 1 for index in range(len(paths)))
    seconds, cpu = end - searched + read - start  # near_pairs searches again
    steps = {
        "read": read - start,
        "search": searched - read,
        "compare": (end - searched) - (searched - read),
    }
    return {
        "seconds": round(seconds, 1),
        **{f"{step}_s": round(wall, 1) for step, (wall, _) in steps.items()},
        "cpu_s": round(cpu, 1),
        **{f"{step}_cpu_s": round(of_step, 1) for step, (_, of_step) in steps.items()},
        "ms_per_picture": round(1000 * seconds / len(paths), 2),
        "candidates": looked_at,
        "planted": planted,
        "planted_found": found,
        "other_pairs": len(pairs) - found,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def spent() -> NDArray[np.float64]:
    """Seconds by the clock, and those of all cores in this process and its children that ended."""
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return np.array([time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in of)])


def generate(folder: Path, count: int) -> None:
    """``count`` pictures named by their number; the last of each hundred copies the first."""
    chests = [
        display(make_phantom(z, size=SIDE, seed=seed, lesions=0.2).hu)
        for seed in range(4)
        for z in (0.3, 0.5, 0.7)
    ]
    rng = np.random.default_rng(0)
    first = chests[0]
    for number in range(count):
        name = folder / f"{number:07d}"
        if number % COPY_EVERY == COPY_EVERY - 1:
            Image.fromarray(first).save(name.with_suffix(".jpg"), quality=60)
            continue
        picture = distorted(chests[rng.integers(len(chests))], rng)
        if number % COPY_EVERY == 0:
            first = picture
        Image.fromarray(picture).save(name.with_suffix(".png"), compress_level=1)


def distorted(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture bent by a smooth random field of some pixels, with as smooth a shade."""
    fields = rng.normal(size=(7, 7, 3)).astype(np.float32)
    x, y, shade = np.moveaxis(cv2.resize(fields, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), 2, 0)
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    bent = cv2.remap(picture, columns + 8 * x, rows + 8 * y, cv2.INTER_LINEAR)
    return np.clip(bent + 12 * shade, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    sys.exit(main())
