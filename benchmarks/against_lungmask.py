"""Slices per second of stage 1 against lungmask (R231), from the same slices in HU to masks.

    python -m pip install lungmask
    python benchmarks/against_lungmask.py

lungmask (Hofmanninger et al. 2020) is no dependency of this project and best kept in an environment
of its own. It runs as its package does: its preprocessing (clipped to -1024 to 600 HU, cropped to
the body, 256 px), its network in eager torch float32, and its way back to the size of the slice,
without its postprocessing. Its weights are random, so that nothing is downloaded: they cost as much
as any, but what they find is noise, on which its postprocessing would say nothing. Ours is the
shipped segmenter with the lung window and the cleaning of its masks. Medians of runs taken in turn,
so that a busy machine slows both. Written to ``benchmarks/against_lungmask.json``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UsageError
from lungseg.whole_file import write_whole
from pipelines.command import CommandParser, ExitCode, run_command, say

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter

    Stack = NDArray[np.int16]  # N x H x W in HU

RESULT = Path(__file__).with_suffix(".json")
LUNGMASK_BATCH = 20  # its default
AIM = 50  # times as many slices a second
ONE, BATCHES = "one slice at a time", "batches"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="against_lungmask.py")
    parser.add_argument("--slices", type=int, default=LUNGMASK_BATCH, help="(%(default)s)")
    parser.add_argument("--size", type=int, default=512, help="their side, px (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--checkpoint", help="path or name; the shipped segmenter if not given")
    parser.add_argument("--backend", default="auto", help="of stage 1 (%(default)s)")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)

    def work() -> ExitCode:
        result = measured(given)
        write_whole(given.out, (json.dumps(result, indent=2) + "\n").encode())
        say(f"wrote {given.out}")
        return ExitCode.DONE

    return run_command(work)


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """The whole table. Raises UsageError where lungmask is not installed."""
    r231 = RandomR231()

    import torch
    from segmenter_speed import machine

    from lungseg.allocator import keep_freed_memory
    from lungseg.backends import description
    from lungseg.segmenter import LungSegmenter

    keep_freed_memory()  # as predict does
    segmenter = LungSegmenter.from_checkpoint(given.checkpoint, backend=given.backend, device="cpu")
    stack = phantoms(given.slices, given.size)
    return {
        "machine": machine(torch.get_num_threads()),
        "slices": len(stack),
        "size": given.size,
        "repeats": given.repeats,
        "lungmask": {"version": r231.version, "parameters": r231.parameters, "weights": "random"},
        "segmenter": segmenter.name,
        "backend": description(segmenter.compiled),
        "aim": AIM,
        "speed": compared(r231, segmenter, stack, given.repeats),
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


def compared(
    r231: Callable[[Stack, int], object], segmenter: LungSegmenter, stack: Stack, repeats: int
) -> dict[str, dict[str, float]]:
    """Slices per second of both, one slice at a time and in batches, and their ratios."""
    from lungseg.io import as_slices

    seconds = timed(
        {
            f"lungmask, {ONE}": lambda: [r231(one[None], 1) for one in stack],
            f"ours, {ONE}": lambda: [segmenter.predict(as_slices(one)) for one in stack],
            f"lungmask, {BATCHES}": lambda: r231(stack, LUNGMASK_BATCH),
            f"ours, {BATCHES}": lambda: segmenter.predict(as_slices(list(stack))),
        },
        repeats,
    )
    table = {}
    for how in (ONE, BATCHES):
        theirs, ours = seconds[f"lungmask, {how}"], seconds[f"ours, {how}"]
        table[how] = {
            "lungmask_per_second": round(len(stack) / theirs, 2),
            "per_second": round(len(stack) / ours, 2),
            "ratio": round(theirs / ours, 1),
        }
    return table


def timed(ways: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median of the seconds of each, in turn, after one that warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeats + 1):
        for name, run in ways.items():
            began = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(runs) for name, runs in seconds.items()}


if __name__ == "__main__":
    sys.exit(main())
