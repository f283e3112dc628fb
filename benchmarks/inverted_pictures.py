"""Are pictures that are shown inverted turned back, and no others?

    python benchmarks/inverted_pictures.py --data-dir ../shared/data

Of each data set (of COVID-CT without its test list) at most ``--most`` pictures, evenly, as they
are, rotated by 30 degrees before black, and inverted. One that is turned back is the picture that
it was. Written to
``benchmarks/inverted_pictures.json``.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from result_file import write_result

from covidcls.data.class_folders import Part
from covidcls.data.pictures import read_covid_ct
from lungseg.allocator import keep_freed_memory
from lungseg.inversion import masks_either_way
from lungseg.io import find_inputs, read_slices
from pipelines.command import CommandParser
from pipelines.options import whole_from

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter
    from lungseg.slice import Slice

SETS = ("covid-ct", "sars-cov-2-ct", "medseg-98", "not-chest-ct")
LEARNED: tuple[Part, ...] = ("train", "val")
DEGREES = 30
CHUNK = 16


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="inverted_pictures.py")
    parser.add_argument("--data-dir", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=whole_from(1), default=100, help="(%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    return write_result(measured, parser.parse_args(arguments))


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """What becomes of the pictures of each data set."""
    from lungseg.segmenter import LungSegmenter

    keep_freed_memory()
    segmenter = LungSegmenter.from_checkpoint(device="cpu")
    found = {}
    for name in SETS:
        files = files_of(given.data_dir / name)
        found[name] = turned(segmenter, files[:: math.ceil(len(files) / given.most)])
    return {"network": segmenter.name, "sets": found}


def files_of(folder: Path) -> list[Path]:
    """The pictures of a data set, without masks and test lists."""
    if folder.name == "covid-ct":
        return [one.path for part in LEARNED for one in read_covid_ct(folder, part)]
    images = folder / "images"
    return list(find_inputs(images if images.is_dir() else folder).files)


def turned(segmenter: LungSegmenter, files: Sequence[Path]) -> dict[str, int]:
    """How many of ``files`` are taken the other way round as they are, rotated and inverted."""
    slices = (one for file in files for one in read_slices(file) if one.scale == "display")
    counts = {"slices": 0, "turned_as_they_are": 0, "turned_rotated": 0, "turned_inverted": 0}
    while chunk := list(islice(slices, CHUNK)):
        counts["slices"] += len(chunk)
        counts["turned_as_they_are"] += n_turned(segmenter, chunk)
        counts["turned_rotated"] += n_turned(segmenter, [rotated(one) for one in chunk])
        counts["turned_inverted"] += n_turned(segmenter, [inverse(one) for one in chunk])
    return counts


def n_turned(segmenter: LungSegmenter, slices: Sequence[Slice]) -> int:
    """How many of ``slices`` are taken the other way round."""
    seen, _ = masks_either_way(segmenter, slices)
    return sum(one is not other for one, other in zip(slices, seen, strict=True))


def rotated(one: Slice) -> Slice:
    """The whole slice turned by DEGREES in its plane; the corners are black."""
    height, width = one.shape
    middle = (width - 1) / 2, (height - 1) / 2
    turn = np.asarray(cv2.getRotationMatrix2D(middle, DEGREES, 1), np.float64)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = int(width * cosine + height * sine), int(width * sine + height * cosine)
    turn[:, 2] += ((size[0] - width) / 2, (size[1] - height) / 2)
    return replace(one, pixels=cv2.warpAffine(one.pixels, turn, size).astype(np.float32).clip(0, 1))


def inverse(one: Slice) -> Slice:
    """The slice shown inverted."""
    return replace(one, pixels=1 - one.pixels)


if __name__ == "__main__":
    sys.exit(main())
