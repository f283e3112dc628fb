"""Read thousands of damaged files of every format, as ``predict`` does.

    python benchmarks/mutated_inputs.py
    python benchmarks/mutated_inputs.py --files 200 --seed 1

Each is a small whole file with flipped bits, another header, a cut, or a piece of another format.
It must become slices in range, or rows that say in one sentence what is wrong with which file; it
must neither end the process that decodes it nor keep it for longer than ``--seconds``. Writes
``mutated_inputs.json``, from which ``write_tables.py`` takes the figures of docs/program.md.
"""

from __future__ import annotations

import argparse
import random
import struct
import sys
import tempfile
import time
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from result_file import write_result
from whole_files import write_whole_files

from lungseg.io import Input, Reading, group_inputs
from pipelines.command import CommandParser
from pipelines.read_ahead import Item, read_ahead

RESULT = Path(__file__).with_suffix(".json")
FILES = 5000
SECONDS = 10.0
HEADS = (16, 132, 352, 1000)  # ends of headers, where one file is continued by another
NEAR = 1500  # bytes from the start, in which all headers lie
FAILURES = ("crashes", "hangs", "undeclared")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code, 3 where a file did what none may."""
    parser = CommandParser(description=__doc__, prog="mutated_inputs.py")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="a longer one hangs")
    parser.add_argument("--out", type=Path, default=RESULT)
    return write_result(measured, parser.parse_args(arguments), failed=has_failures)


def has_failures(result: dict[str, Any]) -> bool:
    """Whether a file crashed, hung, or got no row as it should be."""
    return any(result[failure] for failure in FAILURES)


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """What became of the damaged files."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of damaged values
        whole = write_whole_files(Path(folder) / "whole")
        found = read_all(write_mutated(Path(folder), whole, given.files, given.seed), given.seconds)
    return {"files": given.files, "seed": given.seed, "seconds": given.seconds, **found}


def write_mutated(folder: Path, whole: dict[str, bytes], count: int, seed: int) -> list[Path]:
    """``count`` damaged files, of each kind in turn; each depends on ``seed`` and its number."""
    paths = []
    for number in range(count):
        kind = list(whole)[number % len(whole)]
        paths.append(folder / f"{number:05}-{kind}")
        paths[-1].write_bytes(mutated(whole, kind, random.Random(f"{seed} {number}")))
    return paths


def mutated(whole: dict[str, bytes], kind: str, chance: random.Random) -> bytes:
    """A whole file of ``kind`` with one kind of damage."""
    data = bytearray(whole[kind])
    how = chance.choice(("flip", "header", "cut", "splice"))
    if how == "flip":
        for _ in range(chance.choice((1, 30))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif how == "header":
        for _ in range(chance.choice((1, 3, 10))):
            data[chance.randrange(min(len(data), NEAR))] = chance.randrange(256)
    elif how == "cut":
        del data[chance.randrange(len(data)) :]
    else:
        end = chance.choice(HEADS)
        data[: chance.choice((0, end))] = whole[chance.choice(list(whole))][:end]
    if kind.endswith(".png") and chance.random() < 0.5:
        repair_checksums(data)
    return bytes(data)


def repair_checksums(png: bytearray) -> None:
    """Let each chunk have the checksum of what it holds, so that damage reaches the decoder."""
    at = 8
    while at + 8 <= len(png):
        end = at + 8 + int.from_bytes(png[at : at + 4], "big")
        if end + 4 > len(png):
            return
        struct.pack_into(">I", png, end, zlib.crc32(png[at + 4 : end]))
        at = end + 4


def read_all(paths: Sequence[Path], seconds: float) -> dict[str, Any]:
    """What became of the files: counts by kind, the longest wait, and the names of those that
    failed; a file that is found to be no input at all, as a DICOMDIR is, counts as ignored."""
    outcomes: dict[Path, list[str]] = {path: [] for path in paths}
    inputs: list[Input] = []
    owners: list[Path] = []
    longest = 0.0
    for path in paths:
        began = time.perf_counter()
        grouped = group_inputs([path], path.parent)
        took = time.perf_counter() - began
        longest = max(longest, took)
        outcomes[path] += ["hangs"] * (took > seconds) + ["ignored"] * grouped.ignored
        inputs += grouped.inputs
        owners += [path] * len(grouped.inputs)
    for position, outcome, took in outcomes_of(inputs, seconds):
        outcomes[owners[position]].append(outcome)
        longest = max(longest, took)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for path, found in outcomes.items():
        if not found:
            found.append("undeclared")
        kinds[path.name.partition("-")[2]].update(["files", *found])
    failed = {
        failure: [path.name for path, found in outcomes.items() if failure in found]
        for failure in FAILURES
    }
    return {"longest": round(longest, 2), **failed, "kinds": kinds}


def outcomes_of(inputs: Sequence[Input], seconds: float) -> Iterator[tuple[int, str, float]]:
    """(position of its input, outcome, seconds since the one before) of each row; the first has
    none, because it waits for the start of the process that decodes."""
    before = None
    for item in read_ahead(inputs, 1, Reading(), seconds=seconds):
        now = time.perf_counter()
        yield item.position, outcome_of(item, inputs[item.position]), now - (before or now)
        before = now


def outcome_of(item: Item, one: Input) -> str:
    """``slices`` or ``refused`` of a row that is as declared, else how it failed."""
    if item.slice is not None:
        pixels = item.slice.pixels
        in_range = pixels.size and np.all((pixels >= 0) & (pixels <= 1))  # NaN is not
        return "slices" if in_range and pixels.ndim == 2 else "undeclared"
    if "ended the process that decoded it" in item.error:
        return "crashes"
    if "takes more than" in item.error:
        return "hangs"
    return "refused" if one.name in item.error and "\n" not in item.error else "undeclared"


if __name__ == "__main__":
    sys.exit(main())
