"""Milliseconds a slice of each backend and stage, in batches and singly, in one run.

    python benchmarks/backend_speed.py
    python benchmarks/backend_speed.py --classifier efficientnet-b4-crop --repeats 20

From the normalised picture to the network's outputs, every backend in turn so that a busy machine
slows all; the median counts. Beside it how far the outputs are from those of torch.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine
from numpy.typing import NDArray
from result_file import write_result

from covidcls.classifier import CovidClassifier
from lungseg.allocator import keep_freed_memory
from lungseg.backends import BACKENDS, Compiled
from lungseg.io import find_inputs, read_slices
from lungseg.log_odds import sigmoid
from lungseg.segmenter import LungSegmenter
from lungseg.tensors import batch_of, normalise
from pipelines.command import CommandParser
from pipelines.versions import versions

REPOSITORY = Path(__file__).resolve().parents[1]
BASELINE = "torch"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write one JSON file, and print it; the exit code."""
    parser = CommandParser(description=__doc__.splitlines()[0], prog="backend_speed.py")
    add = parser.add_argument
    installed = [name for name, backend in BACKENDS.items() if not backend.missing()]
    add("--backends", nargs="+", choices=installed, default=installed, metavar="NAME")
    add("--segmenter", metavar="NAME", help="path or name; the shipped default if not given")
    add("--classifier", metavar="NAME", help="path or name; the shipped default if not given")
    add("--device", default="cpu", help="of the backends that have a choice (%(default)s)")
    add("--batch-sizes", type=int, nargs="+", default=[1, 16], metavar="N")
    add("--repeats", type=int, default=10, help="(%(default)s)")
    add("--samples", type=Path, default=REPOSITORY / "samples")
    add("--out", type=Path, default=REPOSITORY / "benchmarks" / "backend_speed.json")
    return write_result(speeds, parser.parse_args(arguments), summary=partial(json.dumps, indent=2))


def speeds(given: argparse.Namespace) -> dict[str, Any]:
    """The whole table."""
    keep_freed_memory()  # as the commands do
    slices = [one for file in find_inputs(given.samples).files for one in read_slices(file)]
    stages: dict[str, Any] = {}
    for stage, maker, name in (
        ("stage 1", LungSegmenter, given.segmenter),
        ("stage 2", CovidClassifier, given.classifier),
    ):
        ways, seconds_to_load = {}, {}
        for backend in given.backends:
            device = given.device if given.device in BACKENDS[backend].devices else "cpu"
            began = time.perf_counter()
            loaded = maker.from_checkpoint(name, device=device, backend=backend)
            ways[backend] = loaded.compiled
            seconds_to_load[backend] = round(time.perf_counter() - began, 2)
        pictures = normalise(batch_of([one.pixels for one in slices], loaded.size))
        stages[stage] = {
            "network": loaded.name,
            "size": loaded.size,
            "backends": {
                backend: {
                    "device": one.device,
                    "precision": one.precision,
                    "seconds_to_load": seconds_to_load[backend],
                    "milliseconds": {},
                }
                for backend, one in ways.items()
            },
        }
        for batch_size in given.batch_sizes:
            batch = pictures[np.arange(batch_size) % len(pictures)]
            for backend, milliseconds in timed(ways, batch, given.repeats).items():
                here = stages[stage]["backends"][backend]["milliseconds"]
                here[f"batch {batch_size}"] = milliseconds
        for backend, difference in differences(ways, pictures[:16]).items():
            stages[stage]["backends"][backend]["largest_difference"] = difference
    cores = os.cpu_count() or 1
    return {"machine": machine(cores), "cores": cores, "versions": versions(), "stages": stages}


def timed(
    ways: Mapping[str, Compiled], batch: NDArray[np.float32], repeats: int
) -> dict[str, float]:
    """Median milliseconds per slice of ``batch``, by backend."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeats + 2):
        for name, run in ways.items():
            began = time.perf_counter()
            run(batch)
            if turn >= 2:  # the first two warm up
                seconds[name].append(time.perf_counter() - began)
    per_slice = 1000 / len(batch)
    return {name: round(statistics.median(runs) * per_slice, 2) for name, runs in seconds.items()}


def differences(ways: Mapping[str, Compiled], batch: NDArray[np.float32]) -> dict[str, float]:
    """Largest difference of the first output as a probability from torch; none without torch."""
    if BASELINE not in ways:
        return {}
    truth = sigmoid(ways[BASELINE](batch)[0])
    return {
        name: round(float(np.abs(sigmoid(run(batch)[0]) - truth).max()), 5)
        for name, run in ways.items()
    }


if __name__ == "__main__":
    sys.exit(main())
