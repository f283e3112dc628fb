"""How far every backend is from torch float32 in the whole of both stages, on slices of folders.

    python benchmarks/backend_difference.py DIR [DIR ...] --every 10

Each pair of backends, of stage 1 and of stage 2, predicts the same slices. Stage 2 sees what stage
1 cut out, so that a mask that moves by one pixel moves the probability: pairs of two backends tell
the one cause from the other. Written to ``benchmarks/backend_difference.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from result_file import write_result

from lungseg.allocator import keep_freed_memory
from lungseg.backends import BACKENDS
from lungseg.io import find_inputs, read_slices
from lungseg.slice import Slice
from pipelines.command import CommandParser, say
from pipelines.prediction import Prediction
from pipelines.versions import versions

REPOSITORY = Path(__file__).resolve().parents[1]
BASELINE = "torch"
BATCH = 16
# What no backend may exceed: of a probability, of the share of labels, and the least Dice.
PROBABILITY, FLIPS, DICE = 0.01, 0.005, 0.995
MIXED = (("openvino", "openvino-bf16"), ("openvino-bf16", "openvino"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write one JSON file, and print the pairs; the exit code."""
    parser = CommandParser(description=__doc__.splitlines()[0], prog="backend_difference.py")
    add = parser.add_argument
    add("folders", type=Path, nargs="+", metavar="DIR")
    add("--every", type=int, default=1, metavar="N", help="every N-th file alone (%(default)s)")
    add("--weights", type=Path, metavar="DIR", help="folder of checkpoints (the shipped ones)")
    add("--out", type=Path, default=REPOSITORY / "benchmarks" / "backend_difference.json")
    return write_result(
        measured,
        parser.parse_args(arguments),
        summary=lambda result: json.dumps(result["pairs"], indent=2),
    )


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """Differences of every pair from torch in both stages."""
    from covidcls.classifier import CovidClassifier
    from lungseg.segmenter import LungSegmenter
    from pipelines.two_stage import TwoStagePipeline
    from pipelines.weights import chosen_weights

    keep_freed_memory()  # as the commands do
    weights = chosen_weights(given.weights, "crop")
    installed = [name for name, backend in BACKENDS.items() if not backend.missing()]
    segmenters = {
        name: LungSegmenter.from_checkpoint(weights.segmenter, device="cpu", backend=name)
        for name in installed
    }
    classifiers = {
        name: CovidClassifier.from_checkpoint(weights.classifier, device="cpu", backend=name)
        for name in installed
    }
    pairs = [(name, name) for name in installed if name != BASELINE]
    pairs += [pair for pair in MIXED if set(pair) <= set(installed)]
    pipelines = {
        pair: TwoStagePipeline(segmenters[pair[0]], classifiers[pair[1]])
        for pair in [(BASELINE, BASELINE), *pairs]
    }
    found: dict[tuple[str, str], list[Difference]] = {pair: [] for pair in pairs}
    slices = slices_of(given.folders, given.every)
    count = 0
    while batch := list(islice(slices, BATCH)):
        truth = pipelines[BASELINE, BASELINE].predict(batch)
        for pair in pairs:
            of_pair = pipelines[pair].predict(batch)
            found[pair] += [Difference.of(*two) for two in zip(truth, of_pair, strict=True)]
        count += len(batch)
        say(f"{count} slices")
    return {
        "segmenter": weights.segmenter.stem,
        "classifier": weights.classifier.stem,
        "data": [folder.name for folder in given.folders],
        "every": given.every,
        "slices": count,
        "versions": versions(),
        "pairs": {" + ".join(pair): summary(of) for pair, of in found.items()},
    }


@dataclass(frozen=True)
class Difference:
    """Of two predictions of one slice: ``dice`` of their masks, ``pixels`` by which a side of the
    box moved, ``probability`` (None where one has none), whether the label ``flipped`` and whether
    the ``status`` is another."""

    dice: float
    pixels: int
    probability: float | None
    flipped: bool
    status: bool

    @classmethod
    def of(cls, truth: Prediction, found: Prediction) -> Difference:
        """Of what torch and another backend say."""
        assert truth.mask is not None and found.mask is not None  # only unreadable ones have none
        moved = zip(truth.box or (), found.box or (), strict=False)
        apart = None
        if truth.probability is not None and found.probability is not None:
            apart = abs(truth.probability - found.probability)
        return cls(
            dice(truth.mask, found.mask),
            max((abs(a - b) for a, b in moved), default=0),
            apart,
            apart is not None and truth.label != found.label,
            truth.status != found.status,
        )


def dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """2 |A and B| / (|A| + |B|); 1 where both are empty."""
    both = int(first.sum()) + int(second.sum())
    return 2 * int((first & second).sum()) / both if both else 1.0


def summary(differences: Sequence[Difference]) -> dict[str, Any]:
    """The figures of one pair; ``within_bounds``: whether none exceeds what is allowed."""
    probability = np.array([d.probability for d in differences if d.probability is not None])
    masks = np.array([one.dice for one in differences])
    flips = sum(one.flipped for one in differences)
    statuses = sum(one.status for one in differences)
    if not probability.size:
        return {"judged": 0, "statuses": statuses}
    return {
        "judged": len(probability),
        "probability_largest": round(float(probability.max()), 6),
        "probability_mean": round(float(probability.mean()), 6),
        "probability_beyond": int((probability > PROBABILITY).sum()),
        "flips": flips,
        "statuses": statuses,
        "dice_least": round(float(masks.min()), 6),
        "dice_mean": round(float(masks.mean()), 6),
        "boxes_moved": sum(one.pixels > 0 for one in differences),
        "within_bounds": bool(
            probability.max() <= PROBABILITY
            and flips + statuses <= FLIPS * len(differences)
            and masks.min() >= DICE
        ),
    }


def slices_of(folders: Sequence[Path], every: int) -> Iterator[Slice]:
    """The slices of every ``every``-th file."""
    for folder in folders:
        for file in find_inputs(folder).files[::every]:
            yield from read_slices(file)


if __name__ == "__main__":
    sys.exit(main())
