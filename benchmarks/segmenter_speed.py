"""Milliseconds per slice of stage 1 alone: torch and OpenVINO, float32 and bfloat16.

    python benchmarks/segmenter_speed.py
    python benchmarks/segmenter_speed.py --checkpoint NAME --repeats 50

The network alone, from normalised pictures to logits, on all cores; medians of runs taken in turn,
so that a busy machine slows all. Beside the time on the clock stands that of the processor, summed
over the cores; with ``--threads 1`` other work hardly changes it, with more the threads wait for
each other. How far each way is from torch float32 is measured on the phantoms of ``samples/``.
Below, other decoders and the paper's network with random weights, for the speed alone. Written to
``benchmarks/segmenter_speed.json``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import machine
from result_file import write_result

from pipelines.command import CommandParser

if TYPE_CHECKING:
    import openvino
    import torch
    from torch import Tensor, nn

    Forward = Callable[[Tensor], tuple[Tensor, Tensor]]  # pictures to logits of masks and chest

REPOSITORY = Path(__file__).resolve().parents[1]
WAYS = ("torch float32", "torch bfloat16", "OpenVINO float32", "OpenVINO bfloat16")
PAPER = {"encoder": "plain", "classes": 1, "widths": [16, 32, 64, 128, 256, 512]}  # its config
DECODERS: dict[str, dict[str, Any]] = {
    "gated, 128-64-48-24-16": {"gates": True, "separable": False},
    "no gates": {"gates": False, "separable": False},
    "narrower, 96-48-32-16-8": {"widths": [96, 48, 32, 16, 8], "separable": False},
    "separable": {"gates": True, "separable": True},
    "separable, no gates": {"gates": False, "separable": True},
    "the paper's Attention U-Net": {**PAPER, "gates": True, "separable": False},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="segmenter_speed.py")
    parser.add_argument("--checkpoint", help="path or name; the shipped segmenter if not given")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--repeats", type=int, default=30, help="(%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="(%(default)s)")
    parser.add_argument(
        "--decoders", nargs="+", choices=list(DECODERS), default=list(DECODERS), metavar="NAME"
    )
    parser.add_argument("--samples", type=Path, default=REPOSITORY / "samples")
    parser.add_argument(
        "--out", type=Path, default=REPOSITORY / "benchmarks" / "segmenter_speed.json"
    )
    return write_result(speeds, parser.parse_args(arguments))


def speeds(given: argparse.Namespace) -> dict[str, Any]:
    """The whole table."""
    import torch

    from lungseg.segmenter import LungSegmenter

    torch.set_num_threads(given.threads)
    segmenter = LungSegmenter.from_checkpoint(given.checkpoint, device="cpu")
    pictures = sample_pictures(given.samples, segmenter.size)
    backends: dict[str, dict[str, Any]] = {name: {} for name in WAYS}
    for batch_size in given.batch_sizes:
        batch = pictures[torch.arange(batch_size) % len(pictures)]
        ways = all_ways(segmenter.network, batch, given.threads)
        for name, figures in timed(ways, batch, given.repeats).items():
            backends[name][f"batch {batch_size}"] = figures
    truth = None
    for name, forward in all_ways(segmenter.network, pictures[:1], given.threads).items():
        found = torch.cat([forward(one)[0].float().sigmoid() for one in pictures.split(1)])
        truth = found if truth is None else truth
        backends[name] |= deviation(found, truth, segmenter.threshold)
    return {
        "machine": machine(given.threads),
        "network": segmenter.name,
        "size": segmenter.size,
        "repeats": given.repeats,
        "samples": len(pictures),
        "backends": backends,
        "decoders": decoders(segmenter.card["architecture"], pictures[:1], given),
    }


def sample_pictures(folder: Path, size: int) -> Tensor:
    """Every slice of ``folder`` as network input, N x 3 x size x size."""
    from lungseg.io import find_inputs, read_slices
    from lungseg.tensors import normalise, stack

    slices = [one for file in find_inputs(folder).files for one in read_slices(file)]
    return normalise(stack([one.pixels for one in slices], size)).contiguous()


def all_ways(network: nn.Module, batch: Tensor, threads: int) -> dict[str, Forward]:
    """``WAYS`` for batches of the shape of ``batch``, torch float32 first."""
    import torch

    model = converted(network, batch)
    ways = (
        in_torch(network, torch.float32),
        in_torch(network, torch.bfloat16),
        in_openvino(model, "f32", threads),
        in_openvino(model, "bf16", threads),
    )
    return dict(zip(WAYS, ways, strict=True))


def in_torch(network: nn.Module, dtype: torch.dtype) -> Forward:
    """Eager torch, channels last; bfloat16 by autocast, as in training."""
    import torch

    network = network.eval().to(memory_format=torch.channels_last)

    def forward(pictures: Tensor) -> tuple[Tensor, Tensor]:
        with (
            torch.inference_mode(),
            torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16),
        ):
            output = network(pictures.contiguous(memory_format=torch.channels_last))
        return output.masks, output.chest

    return forward


def converted(network: nn.Module, batch: Tensor) -> openvino.Model:
    """The network in OpenVINO, for the very shape of ``batch``."""
    import warnings

    import openvino
    import torch

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # OpenVINO traces by what torch calls deprecated
        return openvino.convert_model(
            network.eval(), example_input=batch, input=[tuple(batch.shape)]
        )


def in_openvino(model: openvino.Model, precision: str, threads: int) -> Forward:
    """OpenVINO on the CPU in ``f32`` or ``bf16``."""
    import openvino
    import torch

    compiled = openvino.Core().compile_model(
        model,
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
        },
    )

    def forward(pictures: Tensor) -> tuple[Tensor, Tensor]:
        found = compiled([pictures.numpy()])
        return torch.from_numpy(found[0]), torch.from_numpy(found[1])

    return forward


def timed(
    ways: Mapping[str, Callable[[Tensor], object]], batch: Tensor, repeats: int
) -> dict[str, dict[str, float]]:
    """Milliseconds per slice by way: on the clock, and of the processor over all cores."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(repeats + 2):
        for name, forward in ways.items():
            clock, processor = time.perf_counter(), time.process_time()
            forward(batch)
            spent = time.perf_counter() - clock, time.process_time() - processor
            if turn >= 2:  # the first two warm up
                seconds[name].append(spent)
    per_slice = 1000 / len(batch)
    return {
        name: {
            "milliseconds": round(statistics.median(c for c, _ in runs) * per_slice, 2),
            "processor_milliseconds": round(statistics.median(p for _, p in runs) * per_slice, 2),
        }
        for name, runs in seconds.items()
    }


def deviation(found: Tensor, truth: Tensor, threshold: float) -> dict[str, float]:
    """``largest_difference`` of the probabilities N x C x H x W, and ``changed_share``: pixels
    that are mask in one of both alone, as a share of the masks of ``truth``."""
    inside, expected = found >= threshold, truth >= threshold
    return {
        "largest_difference": round(float((found - truth).abs().max()), 5),
        "changed_share": round(float((inside != expected).sum() / expected.sum()), 6),
    }


def decoders(
    architecture: Mapping[str, Any], batch: Tensor, given: argparse.Namespace
) -> dict[str, Any]:
    """Speed in OpenVINO of the candidates for the decoder, at the shape of ``batch``."""
    from lungseg.networks import build_network

    networks = {n: build_network({**architecture, **DECODERS[n]}) for n in given.decoders}
    models = {name: converted(network, batch) for name, network in networks.items()}
    table: dict[str, dict[str, Any]] = {
        name: {"parameters": sum(p.numel() for p in network.parameters())}
        for name, network in networks.items()
    }
    for name, precision in (("float32", "f32"), ("bfloat16", "bf16")):
        ways = {n: in_openvino(model, precision, given.threads) for n, model in models.items()}
        for candidate, figures in timed(ways, batch, given.repeats).items():
            table[candidate][name] = figures
    return table


if __name__ == "__main__":
    sys.exit(main())
