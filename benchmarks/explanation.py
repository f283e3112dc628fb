"""Do the shipped networks look into the lungs?

    python -m pipelines.train_cls --config configs/cls/lesions_and_look.yaml --export_dir HERE
    python benchmarks/explanation.py DIR --classifiers HERE/lesions-and-look.safetensors \
        efficientnet-lite2-full

Grad-CAM of each classifier on validation slices of COVID-CT: the share of its energy inside the
lungs, against the share that chance would put there, with intervals over patients. A network that
learned from these slices is refused, as the shipped default did: its recipe makes one without them.
``of_lungs``: the same share of a map that is the lungs themselves, on the same coarse cells.
Written to ``benchmarks/explanation.json``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from result_file import write_result

from covidcls.classifier import CovidClassifier
from covidcls.data.pictures import LabelledPicture, read_covid_ct
from covidcls.explanation import Energy, difference, distribution, energy_inside, explain
from covidcls.explanation.placing import on_slice, seen_box, window
from lungseg.checkpoint import defaults, shipped_directory
from lungseg.errors import UsageError
from lungseg.io import read_slices
from lungseg.lung_mask import LungMask
from lungseg.segmenter import LungSegmenter
from lungseg.slice import Slice
from pipelines.command import CommandParser


@dataclass(frozen=True)
class Seen:
    """A validation slice with lungs, and whose it is."""

    slice: Slice
    lung: LungMask
    patient: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="explanation.py")
    parser.add_argument("data", type=Path, help="COVID-CT as published")
    parser.add_argument(
        "--classifiers",
        nargs="+",
        metavar="NAME",
        default=[*defaults(shipped_directory())["classifier"].values()],
        help="names or files; the first is compared with the others (the shipped defaults)",
    )
    parser.add_argument("--every", type=int, default=1, help="take each N-th slice (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    return write_result(measured, parser.parse_args(arguments))


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """Of each classifier, and by how much the first has more inside than the others."""
    check(given.classifiers)
    segmenter = LungSegmenter.from_checkpoint()
    seen = seen_of(read_covid_ct(given.data, "val")[:: given.every], segmenter)
    patients = [one.patient for one in seen]
    energies: dict[str, list[Energy]] = {}
    classifiers = {}
    for default in given.classifiers:
        whole = CovidClassifier.from_checkpoint(default)
        called = [place for place, one in enumerate(seen) if calls(whole, one)]
        for name, classifier in parts(default, whole).items():
            found = energies[name] = [
                explain(classifier, one.slice, one.lung, "grad-cam").energy for one in seen
            ]
            classifiers[name] = {
                "region": classifier.region,
                "all": distribution(found, patients),
                "called_covid": distribution(
                    [found[place] for place in called], [patients[place] for place in called]
                ),
                "of_lungs": round(float(np.mean([of_lungs(classifier, one) for one in seen])), 4),
            }
    first, *others = energies
    return {
        "data": "covid-ct val",
        "images": len(seen),
        "every": given.every,
        "patients": len(set(patients)),
        "segmenter": {"name": segmenter.name, "sha256": segmenter.sha256},
        "classifiers": classifiers,
        "first_minus": {
            other: difference(energies[first], energies[other], patients) for other in others
        },
    }


def check(classifiers: Sequence[str]) -> None:
    """Raise UsageError for a classifier that learned from these slices, and two of one name."""
    loaded = [CovidClassifier.from_checkpoint(one) for one in classifiers]
    names = [one.name for one in loaded]
    if len(set(names)) < len(names):
        raise UsageError(f"two of the classifiers {', '.join(names)} have one name")
    for one in loaded:
        if one.learned_validation:
            raise UsageError(
                f"{one.name} learned from validation too; train it by its recipe without, and give "
                "that file and the others to --classifiers"
            )


def seen_of(pictures: Sequence[LabelledPicture], segmenter: LungSegmenter) -> list[Seen]:
    """The slices of the pictures that show lungs."""
    slices = [next(iter(read_slices(picture.path))) for picture in pictures]
    masks = segmenter.predict(slices)
    return [
        Seen(one, lung, picture.patient)
        for one, lung, picture in zip(slices, masks, pictures, strict=True)
        if lung.mask.any()
    ]


def parts(given: str, whole: CovidClassifier) -> dict[str, CovidClassifier]:
    """The classifier and, where it is a fusion, its network alone: the map of a fusion lies in the
    lungs by the way that it is made."""
    if whole.fusion is None:
        return {whole.name: whole}
    alone = CovidClassifier.from_checkpoint(given)
    alone.fusion = None
    return {whole.name: whole, f"the look alone of {whole.name}": alone}


def calls(classifier: CovidClassifier, one: Seen) -> bool:
    """Whether the classifier calls the slice COVID."""
    [probability] = classifier.predict([classifier.see(one.slice, one.lung)])
    return bool(probability >= classifier.threshold)


def of_lungs(classifier: CovidClassifier, one: Seen) -> float:
    """``energy_inside`` of the lung mask itself, shrunk to the cells of the network's map."""
    mask = one.lung.mask
    box = seen_box(mask, classifier.region, classifier.margin)
    [cells] = classifier.explained([classifier.see(one.slice, one.lung)])[1]
    inside = mask[window(box)].astype(np.float64)
    shares = np.asarray(cv2.resize(inside, cells.shape[::-1], interpolation=cv2.INTER_AREA), float)
    return energy_inside(on_slice(shares, box, one.slice.shape), mask) or 0.0


if __name__ == "__main__":
    sys.exit(main())
