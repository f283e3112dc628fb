"""Slices per second of each stage and of the whole, and peak memory, against one slice at a time.

    python benchmarks/predict_speed.py
    python benchmarks/predict_speed.py --parts memory --counts 100 10000

Speeds are ratios to the baseline of the same run: the same work with batch size 1 and no process
that decodes ahead; and for the whole without overlays, two networks that others would run, eager
and one slice at a time (``eager_pair.py``), in turn with it: in the part ``eager`` with the shipped
weights, in the part ``pair`` with those two networks themselves, and with the paper's Attention
U-Net for the first of them (``engine_pair.py``, which trains them for a minute each). Peak memory
is that of ``predict`` without overlays, a run for each number of inputs, which are links to small
pictures. Written to ``benchmarks/predict_speed.json``, where parts that are not measured stay as
they are.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from machine import machine
from peak_memory import peak_memory
from result_file import write_result

from lungseg.allocator import keep_freed_memory
from lungseg.errors import UsageError
from lungseg.io import find_inputs, read_slices
from pipelines.command import CommandParser, ExitCode, say
from pipelines.predict_folder import predict_folder
from pipelines.predict_options import Options
from pipelines.two_stage import TwoStagePipeline

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = 256  # pixels, the side of the pictures for the memory
SHIPPED = "the shipped default"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="predict_speed.py")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--input", type=Path, default=REPOSITORY / "samples")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--backends",
        nargs="+",
        default=["auto", "openvino-bf16"],
        metavar="NAME",
        help="of both stages, for the whole without overlays (auto openvino-bf16)",
    )
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--slices", type=int, default=64, help="for the speeds (%(default)s)")
    parser.add_argument("--whole", type=int, default=1200, help="for the whole (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="the best counts (%(default)s)")
    parser.add_argument(
        "--counts",
        type=int,
        nargs="+",
        default=[100, 1000],
        help="numbers of inputs for the memory (100 1000)",
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    return write_result(measured, parser.parse_args(arguments))


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """The parts that are asked for, and those that ``given.out`` has besides.

    Raises UsageError where they were measured with other settings.
    """
    settings = {
        "machine": machine(os.cpu_count() or 1),
        "cores": os.cpu_count(),
        "batch_size": given.batch_size,
        "workers": given.workers,
    }
    others = kept(given.out, settings, [part for part in PARTS if part not in given.parts])
    files = find_inputs(given.input).files
    keep_freed_memory()  # as the command does
    return {**settings, **others, **{part: PARTS[part](given, files) for part in given.parts}}


def kept(path: Path, settings: Mapping[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    """Those ``parts`` that ``path`` has, as they are.

    Raises UsageError where they were measured with other ``settings``.
    """
    before = json.loads(path.read_text()) if path.is_file() else {}
    found = {part: before[part] for part in parts if part in before}
    other = {name: before.get(name) for name in settings if before.get(name) != settings[name]}
    if found and other:
        was = ", ".join(f"{name} {_said(value)}" for name, value in other.items())
        raise UsageError(
            f"{path} has {', '.join(found)} with {was}: measure that again as well, do it with the "
            "same, or choose another --out"
        )
    return found


def _said(value: Any) -> str:
    """A setting in few words: of a machine, what tells it from others."""
    if isinstance(value, Mapping):
        return " ".join(str(one) for one in value.values())
    return "unknown" if value is None else str(value)


def speeds(given: argparse.Namespace, files: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Slices per second batched and one at a time, and their ratio, by part of the work."""
    pipeline = TwoStagePipeline.from_checkpoints(given.weights, device=given.device)
    read = itertools.cycle([slice_ for file in files for slice_ in read_slices(file)])
    slices = list(itertools.islice(read, given.slices))
    masks = pipeline.segmenter.predict(slices)
    crops = [pipeline.classifier.see(*pair) for pair in zip(slices, masks, strict=True)]
    work: dict[str, Callable[[int], object]] = {
        "stage 1": lambda size: pipeline.segmenter.predict(slices, size),
        "stage 2": lambda size: pipeline.classifier.predict(crops, size),
        "both stages": lambda size: pipeline.predict(slices, size),
    }
    table = {}
    for name, run in work.items():
        run(given.batch_size)
        table[name] = ratio(
            given.slices, given.repeats, partial(run, 1), partial(run, given.batch_size)
        )
    with tempfile.TemporaryDirectory() as folder:
        links = linked(files, given.slices, Path(folder) / "in")

        def whole(batch_size: int, workers: int) -> float:
            record = predict_folder(
                links,
                Path(folder) / "out",
                Options(device=given.device, batch_size=batch_size),
                given.weights,
                workers,
                overwrite=True,
            )
            return float(record["seconds"])  # without the loading of the weights

        one = min(whole(1, 0) for _ in range(given.repeats))
        many = min(whole(given.batch_size, given.workers) for _ in range(given.repeats))
        table["whole, from files to overlays"] = compared(given.slices, one, many)
    return table


def against_eager_pair(given: argparse.Namespace, files: Sequence[Path]) -> dict[str, Any]:
    """The whole with the weights that are given, the shipped ones if none are."""
    return wholes(given, files, {SHIPPED if given.weights is None else "given": given.weights})


def pair_in_engine(given: argparse.Namespace, files: Sequence[Path]) -> dict[str, Any]:
    """The whole with the networks of the eager pair themselves, and with the paper's stage 1."""
    from engine_pair import CLASSIFIER, SEGMENTERS, write_pair

    with tempfile.TemporaryDirectory() as folder:
        weights = {}
        for number, name in enumerate(SEGMENTERS):
            place = Path(folder) / str(number)
            say(f"training {name} on phantoms")
            write_pair(name, place)
            weights[f"{name} and {CLASSIFIER}"] = place
        return wholes(given, files, weights)


def wholes(
    given: argparse.Namespace, files: Sequence[Path], weights: Mapping[str, Path | None]
) -> dict[str, Any]:
    """The whole without overlays, from files to rows, with each of ``weights`` on each backend, and
    the eager pair, in turn; medians, and ratios to the pair. ``judged``: slices that reached
    stage 2."""
    from eager_pair import milliseconds

    pairs: list[dict[str, float]] = []
    speeds: dict[tuple[str, str], list[float]] = {}
    records: dict[tuple[str, str], dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        links = linked(files, given.whole, Path(folder) / "in")
        for _ in range(given.repeats):
            pairs.append(milliseconds(repeats=10))
            for way in itertools.product(weights, given.backends):
                records[way] = predict_folder(
                    links,
                    Path(folder) / "out",
                    whole_options(given, way[1]),
                    weights[way[0]],
                    given.workers,
                    overwrite=True,
                )
                speeds.setdefault(way, []).append(float(records[way]["slices_per_second"]))
    eager = {name: statistics.median(one[name] for one in pairs) for name in pairs[0]}
    one_at_a_time = 1000 / sum(eager.values())
    return {
        "milliseconds": {name: round(one, 1) for name, one in eager.items()},
        "slices": given.whole,
        "one_at_a_time_per_second": round(one_at_a_time, 2),
        "predict": [
            {
                "networks": way[0],
                "backend": record["backend"],
                "judged": record["status"]["ok"],
                "per_second": round(statistics.median(speeds[way]), 2),
                "ratio": round(statistics.median(speeds[way]) / one_at_a_time, 2),
            }
            for way, record in records.items()
        ],
    }


def whole_options(given: argparse.Namespace, backend: str) -> Options:
    """What ``predict`` is told for the whole without overlays."""
    return Options(
        device=given.device,
        backend=backend,
        batch_size=given.batch_size,
        overlays=False,
        report=False,
    )


def ratio(
    slices: int, repeats: int, one: Callable[[], object], many: Callable[[], object]
) -> dict[str, float]:
    """The best of several runs each, taken in turn so that a busy machine slows both."""
    best = [float("inf"), float("inf")]
    for _ in range(repeats):
        for index, run in enumerate((one, many)):
            began = time.perf_counter()
            run()
            best[index] = min(best[index], time.perf_counter() - began)
    return compared(slices, *best)


def compared(slices: int, one: float, many: float) -> dict[str, float]:
    """Seconds of the baseline ``one`` slice at a time and of batches, as speeds and their ratio."""
    return {
        "one_at_a_time_per_second": round(slices / one, 2),
        "per_second": round(slices / many, 2),
        "ratio": round(one / many, 2),
    }


def linked(files: Sequence[Path], count: int, folder: Path) -> Path:
    """A folder of ``count`` links to ``files``, in turn."""
    folder.mkdir()
    for number, file in zip(range(count), itertools.cycle(files), strict=False):
        (folder / f"{number:06}{file.suffix}").symlink_to(file.resolve())
    return folder


def peak_memories(given: argparse.Namespace, files: Sequence[Path]) -> dict[str, Any]:
    """MiB that the largest process of ``predict`` had resident at most, by number of inputs."""
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        pictures = small_pictures(files, Path(folder) / "pictures")
        for count in given.counts:
            links = linked(pictures, count, Path(folder) / f"{count}")
            command = [sys.executable, "-m", "pipelines.predict", str(links), "--quiet"]
            command += ["--out", f"{folder}/out", "--overwrite", "--no-overlays"]
            command += ["--device", given.device, "--batch-size", str(given.batch_size)]
            command += ["--workers", str(given.workers)]
            command += ["--weights", str(given.weights)] if given.weights else []
            finished = (ExitCode.DONE, ExitCode.LOOK)
            peaks[str(count)] = peak_memory(command, finished)
            say(f"{count} inputs: {peaks[str(count)]} MiB")
    return {"side": SMALL, "peak_mib": peaks}


def small_pictures(files: Sequence[Path], folder: Path) -> list[Path]:
    """Every slice of ``files`` as a PNG of ``SMALL`` pixels a side in the new ``folder``."""
    folder.mkdir()
    pictures = []
    for number, one in enumerate(one for file in files for one in read_slices(file)):
        pictures.append(folder / f"{number:06}.png")
        small = cv2.resize(one.pixels, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(pictures[-1]), np.round(small * 255).astype(np.uint8))
    return pictures


PARTS: dict[str, Callable[[argparse.Namespace, Sequence[Path]], dict[str, Any]]] = {
    "speed": speeds,
    "eager": against_eager_pair,
    "pair": pair_in_engine,
    "memory": peak_memories,
}


if __name__ == "__main__":
    sys.exit(main())
