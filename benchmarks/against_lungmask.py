"""Slices per second of stage 1 against lungmask (R231), from the same slices in HU to masks.

    python -m pip install lungmask
    python benchmarks/against_lungmask.py

lungmask (Hofmanninger et al. 2020) is no dependency of this project and best kept in an environment
of its own. It runs as its package does: its preprocessing (clipped to -1024 to 600 HU, cropped to
the body, 256 px), its network in eager torch float32, and its way back to the size of the slice,
without its postprocessing. Its weights are random, so that nothing is downloaded: they cost as much
as any, but what they find is noise, on which its postprocessing would say nothing. Ours is the
shipped segmenter with the lung window and the cleaning of its masks. Both see the slices one at a
time and in batches of 20, which is lungmask's default. Medians of runs taken in turn, so that a
busy machine slows both. Written to ``benchmarks/against_lungmask.json``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from machine import machine
from numpy.typing import NDArray
from result_file import write_result

from lungseg.errors import UsageError
from pipelines.command import CommandParser

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter

Stack = NDArray[np.int16]  # N x H x W in HU
Segment = Callable[[Stack, int], object]  # a stack in batches of this size

RESULT = Path(__file__).with_suffix(".json")
BATCH = 20
AIM = 50  # times as many slices a second
LUNGMASK = "lungmask"
ONE, BATCHES = "one slice at a time", f"batches of {BATCH}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="against_lungmask.py")
    parser.add_argument("--slices", type=int, default=BATCH, help="(%(default)s)")
    parser.add_argument("--size", type=int, default=512, help="their side, px (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--checkpoint", help="path or name; the shipped segmenter if not given")
    parser.add_argument(
        "--backends",
        nargs="+",
        default=["auto", "openvino-bf16"],
        metavar="NAME",
        help="of stage 1 (auto openvino-bf16)",
    )
    parser.add_argument("--out", type=Path, default=RESULT)
    return write_result(measured, parser.parse_args(arguments))


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """The whole table. Raises UsageError where lungmask is not installed."""
    r231 = RandomR231()

    import torch

    from lungseg.allocator import keep_freed_memory
    from lungseg.backends import description
    from lungseg.segmenter import LungSegmenter

    keep_freed_memory()  # as predict does
    segmenters = [
        LungSegmenter.from_checkpoint(given.checkpoint, backend=backend, device="cpu")
        for backend in given.backends
    ]
    ours = {description(one.compiled): stage_one(one) for one in segmenters}
    stack = phantoms(given.slices, given.size)
    return {
        "machine": machine(torch.get_num_threads()),
        "slices": len(stack),
        "size": given.size,
        "repeats": given.repeats,
        "lungmask": {"version": r231.version, "parameters": r231.parameters, "weights": "random"},
        "segmenter": segmenters[0].name,
        "aim": AIM,
        "speed": compared(r231, ours, stack, given.repeats),
    }


class RandomR231:
    """lungmask with the architecture of R231 and random weights, on the CPU.

    ``r231(stack, batch_size)``: its labels, uint8 N x H x W. Raises UsageError where lungmask is
    not installed.
    """

    def __init__(self) -> None:
        try:
            from lungmask.mask import LMInferer
            from lungmask.resunet import UNet
        except ModuleNotFoundError as error:
            raise UsageError(
                f"{error.name} is not installed: python -m pip install lungmask, in an environment "
                "of its own that has this project with its extra [train]"
            ) from error
        from importlib.metadata import version

        import torch

        torch.manual_seed(0)
        network = UNet(n_classes=3, padding=True, batch_norm=True, up_mode="upsample")
        self.parameters = sum(one.numel() for one in network.parameters())
        self.version = version("lungmask")
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder) / "random.pth"  # the one way to its network without a download
            torch.save(network.state_dict(), weights)
            self.inferer = LMInferer(
                modelpath=str(weights),
                force_cpu=True,
                volume_postprocessing=False,
                tqdm_disable=True,
            )

    def __call__(self, stack: Stack, batch_size: int) -> NDArray[np.uint8]:
        self.inferer.batch_size = batch_size
        labels: NDArray[np.uint8] = self.inferer.apply(stack)
        return labels


def phantoms(count: int, size: int) -> Stack:
    """``count`` phantom slices from apex to base, every other one with lesions."""
    from lungseg.phantom import make_phantom

    levels = np.linspace(0.1, 0.9, count)
    slices = [
        make_phantom(float(z), size=size, seed=number, lesions=0.3 * (number % 2)).hu
        for number, z in enumerate(levels)
    ]
    return np.round(slices).astype(np.int16)


def stage_one(segmenter: LungSegmenter) -> Segment:
    """The whole of stage 1, from HU to clean masks."""
    from lungseg.io import as_slices

    return lambda stack, batch_size: segmenter.predict(as_slices(list(stack)), batch_size)


def compared(
    r231: Segment, ours: Mapping[str, Segment], stack: Stack, repeats: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Slices per second of lungmask and of each of ``ours``, by how the slices come, and by how
    much ours are faster."""
    ways: dict[tuple[str, str], Callable[[], object]] = {}
    for name, segment in {LUNGMASK: r231, **ours}.items():
        ways[name, ONE] = partial(one_at_a_time, segment, stack)
        ways[name, BATCHES] = partial(segment, stack, BATCH)
    seconds = timed(ways, repeats)
    return {
        name: {
            how: {
                "per_second": round(len(stack) / seconds[name, how], 2),
                "ratio": round(seconds[LUNGMASK, how] / seconds[name, how], 1),
            }
            for how in (ONE, BATCHES)
        }
        for name in (LUNGMASK, *ours)
    }


def one_at_a_time(segment: Segment, stack: Stack) -> None:
    """``segment`` called for each slice of ``stack``."""
    for one in stack:
        segment(one[None], 1)


def timed(
    ways: Mapping[tuple[str, str], Callable[[], object]], repeats: int
) -> dict[tuple[str, str], float]:
    """The median of the seconds of each, in turn, after one that warms up."""
    seconds: dict[tuple[str, str], list[float]] = {name: [] for name in ways}
    for turn in range(repeats + 1):
        for name, run in ways.items():
            began = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(runs) for name, runs in seconds.items()}


if __name__ == "__main__":
    sys.exit(main())
