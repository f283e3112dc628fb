"""Would the shipped stage 1 reach its aims by averaging copies of a slice, or another threshold?

    python benchmarks/looked_at_afterwards.py --data-dir ../shared/data

Looked at after everything was chosen, and nothing was chosen by it: figures of the held-out
patients of ``lung-masks``, and how well the share of lesion ranks each ``--every``-th slice of the
SARS-CoV-2 CT-scan set, for averages of altered copies, for other thresholds of lesions, and for
further networks (``--others``, files of weights). Written to
``benchmarks/looked_at_afterwards.json``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compare_segmenters import REPOSITORY, data_of
from result_file import write_result
from untrained_methods import Averaged

from lungseg.allocator import keep_freed_memory
from lungseg.pseudo_labelling import VIEWS, View
from pipelines.command import CommandParser

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter

CONFIG = REPOSITORY / "configs" / "seg" / "attention_unet_lite0.yaml"
ELSEWHERE, POSITIVE = "sars-cov-2-ct", "COVID"
MIRRORED, LARGER = View(flip=(1,)), View(scale=1.25)
COPIES: Mapping[str, tuple[View, ...]] = {
    "as it is": (View(),),
    "and mirrored": (View(), MIRRORED),
    "and at 320 px": (View(), LARGER),
    "and both": (View(), MIRRORED, LARGER, View(flip=(1,), scale=1.25)),
}
THRESHOLDS = (0.5, 0.7, 0.85, 0.9)
FIGURES = ("dice", "worst_decile", "lesion_dice_pooled")
CHUNK = 32


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="looked_at_afterwards.py")
    parser.add_argument("--data-dir", type=Path, default=Path("../shared/data"))
    parser.add_argument("--others", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--every", type=int, default=2, metavar="N", help="(%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    return write_result(measured, parser.parse_args(arguments))


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """Figures of the held-out patients, and AUCs elsewhere."""
    from lungseg.segmenter import LungSegmenter

    keep_freed_memory()
    shipped = LungSegmenter.from_checkpoint(device="cpu")
    others = [LungSegmenter.from_checkpoint(file, device="cpu") for file in given.others]
    return {
        "network": shipped.name,
        "held_out": held_out(shipped, given.data_dir),
        "elsewhere": elsewhere(shipped, others, given.data_dir / ELSEWHERE, given.every),
    }


def held_out(shipped: LungSegmenter, folder: Path) -> dict[str, Any]:
    """Figures of the held-out patients by what is changed."""
    from lungseg.evaluation.measure import measure

    data = data_of(CONFIG, folder)
    data.setup("test")
    methods: dict[str, Any] = {name: Averaged({shipped: views}) for name, views in COPIES.items()}
    for threshold in THRESHOLDS:
        changed = copy(shipped)
        changed.lesion_threshold = threshold
        methods[f"lesions from {threshold}"] = Averaged({changed: COPIES["as it is"]})
    found = {name: measure(method, data.test) for name, method in methods.items()}
    return {name: {key: of[key].as_dict() for key in FIGURES} for name, of in found.items()}


def elsewhere(
    shipped: LungSegmenter, others: Sequence[LungSegmenter], folder: Path, every: int
) -> dict[str, Any]:
    """AUC of the share of lesion by its mask and as expected, on the same slices."""
    from sklearn.metrics import roc_auc_score

    from covidcls.data.pictures import read_class_folders
    from lungseg.io import read_slices

    pictures = read_class_folders(folder, POSITIVE)[::every]
    methods = {
        "as it is": Averaged({shipped: (View(),)}),
        "eight copies": Averaged({shipped: VIEWS}),
    }
    methods |= {one.name: Averaged({one: (View(),)}) for one in others}
    shares: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for start in range(0, len(pictures), CHUNK):
        chunk = pictures[start : start + CHUNK]
        slices = [next(iter(read_slices(one.path))) for one in chunk]
        for name, method in methods.items():
            shares[name] += [
                (mask.lesion_fraction or 0.0, mask.expected_lesion_fraction or 0.0)
                for mask in method.predict(slices)
            ]
    labels = [one.label for one in pictures]
    return {
        "data": folder.name,
        "slices": len(pictures),
        "auc": {
            name: {
                how: round(float(roc_auc_score(labels, column)), 4)
                for how, column in zip(("mask", "expected"), zip(*found, strict=True), strict=True)
            }
            for name, found in shares.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
