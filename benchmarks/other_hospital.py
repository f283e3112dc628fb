"""How the shipped networks do on slices of a hospital that they were not trained on.

    python benchmarks/other_hospital.py DIR

For each shipped classifier that was not trained on the data set, by its name or any slice, and for
the share of the lung that stage 1 calls lesion (by its mask, and as the mean of the probability; no
class label has taught either), the AUC with its interval over images: the set has no patient ids,
and neighbouring slices are often one patient, so the intervals are too narrow. Written to
``benchmarks/other_hospital.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from result_file import write_result

from covidcls.classifier import CovidClassifier
from covidcls.data.learned import learned_hashes, overlap, read_learned
from covidcls.data.pictures import read_class_folders
from covidcls.operating_point import youden_threshold
from covidcls.statistics import figures
from lungseg.allocator import keep_freed_memory
from lungseg.checkpoint import shipped_directory
from lungseg.io import read_slices
from lungseg.segmenter import LungSegmenter
from pipelines.command import CommandParser, say
from pipelines.guard import refuse_mask, refuse_picture

CHUNK = 32
SHARES = ("lesion share", "expected lesion share")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="other_hospital.py")
    parser.add_argument("data", type=Path, help="a folder of class folders")
    parser.add_argument("--positive", default="COVID", help="the folder of COVID-19 (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    return write_result(measured, parser.parse_args(arguments))


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of each share and classifier."""
    keep_freed_memory()
    pictures = read_class_folders(given.data, given.positive)
    segmenter = LungSegmenter.from_checkpoint()
    classifiers = unseen_by(given.data.name, learned_hashes(pictures))
    labels: list[int] = []
    scores: dict[str, list[float]] = {name: [] for name in (*SHARES, *classifiers)}
    refused = 0
    for start in range(0, len(pictures), CHUNK):
        chunk = pictures[start : start + CHUNK]
        slices = [next(iter(read_slices(picture.path))) for picture in chunk]
        masks = segmenter.predict(slices)
        judged = [
            i
            for i, (one, mask) in enumerate(zip(slices, masks, strict=True))
            if not (refuse_picture(one) or refuse_mask(mask, segmenter.min_chest_ct))
        ]
        refused += len(chunk) - len(judged)
        labels += [chunk[i].label for i in judged]
        scores["lesion share"] += [masks[i].lesion_fraction or 0.0 for i in judged]
        scores["expected lesion share"] += [
            masks[i].expected_lesion_fraction or 0.0 for i in judged
        ]
        for name, classifier in classifiers.items():
            seen = [classifier.see(slices[i], masks[i]) for i in judged]
            scores[name] += classifier.predict(seen).tolist()
        say(f"{start + len(chunk)} of {len(pictures)}")
    groups = [str(i) for i in range(len(labels))]
    thresholds = {name: c.threshold for name, c in classifiers.items()}
    # a share has no threshold of its own: the one that fits best here, so only its AUC counts
    thresholds |= {name: youden_threshold(labels, scores[name]) for name in SHARES}
    return {
        "data": given.data.name,
        "images": len(pictures),
        "refused": refused,
        "positive": int(np.sum(labels)),
        "segmenter": {"name": segmenter.name, "sha256": segmenter.sha256},
        "figures": {
            name: {
                key: value.as_dict()
                for key, value in figures(labels, values, thresholds[name], groups).items()
                if name not in SHARES or key == "auc"
            }
            for name, values in scores.items()
        },
    }


def unseen_by(data: str, hashes: Sequence[str]) -> dict[str, CovidClassifier]:
    """The shipped classifiers, by region and name, that were not trained on the set ``data`` by its
    name, and on no slice of it by ``hashes``."""
    found = {}
    for file in sorted(shipped_directory().glob("*.json")):
        card = json.loads(file.read_text(encoding="utf-8"))
        if card.get("kind") != "classifier" or data in card["training"]["data"].split(", "):
            continue
        if not overlap(hashes, read_learned(file, card) or ()):
            found[f"{card['region']}: {file.stem}"] = CovidClassifier.from_checkpoint(file.stem)
    return found


if __name__ == "__main__":
    sys.exit(main())
