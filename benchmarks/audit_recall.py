"""How many of the copies that are planted among real slices the audit finds, by kind of change.

    python benchmarks/audit_recall.py --data-dir ../shared/data

Every slice of COVID-CT and of the SARS-CoV-2 CT-scan set gets one changed copy, the kinds of
change in turn, written to a temporary folder; the copy finder of the audit then looks at slices and
copies together. ``found``: the copy is in one group with its slice. ``as_published``: the pairs
among the slices themselves, with those across patients; ``false_pairs``: pairs that were neither
planted nor are among the published slices, and so call two slices one. Intervals are Wilson's.
Written to ``benchmarks/audit_recall.json``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from result_file import write_result
from scipy.stats import binomtest

from covidcls.audit.copies import CopyGroup, Pair, copy_groups, find_copies
from covidcls.audit.inventory import Inventory, LabelledImage, class_folders, covid_ct, crossings
from covidcls.audit.reading import read_files
from covidcls.audit.traces import TraceStore, trace
from lungseg.io import read_slices
from pipelines.command import CommandParser

SETS: Mapping[str, Callable[[Path], Inventory]] = {
    "covid-ct": covid_ct,
    "sars-cov-2-ct": class_folders,
}

Grey = NDArray[np.uint8]
Change = Callable[[Grey, np.random.Generator], Grey]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write one JSON file, and print its table; the exit code."""
    parser = CommandParser(description=__doc__, prog="audit_recall.py")
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--every", type=int, default=1, help="take each so manieth slice (1)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return write_result(recalls, parser.parse_args(arguments), summary=table)


def recalls(given: argparse.Namespace) -> dict[str, Any]:
    """What is found in each set."""
    result: dict[str, Any] = {"every": given.every, "seed": given.seed, "sets": {}}
    for name in given.sets:
        inventory = SETS[name](given.data_dir / name)
        images = inventory.images[:: given.every]
        result["sets"][name] = measured(inventory.root, images, given.seed, given.workers)
    return result


def table(result: Mapping[str, Any]) -> str:
    """Recall of each kind on each set, in Markdown."""
    lines = [
        f"| planted | {' | '.join(result['sets'])} |",
        f"|---|{'---|' * len(result['sets'])}",
    ]
    for kind in (*CHANGES, "all"):
        found = [{**one["recall"], "all": one["all"]}[kind] for one in result["sets"].values()]
        cells = [
            f"{one['found']:,} of {one['planted']:,}: {one['recall']:.3f} "
            f"({one['low']:.3f} to {one['high']:.3f})"
            for one in found
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def measured(
    root: Path, images: Sequence[LabelledImage], seed: int = 0, workers: int = 0
) -> dict[str, Any]:
    """Recall by kind among ``images`` of ``root`` and a copy of each, and what else was paired."""
    n = len(images)
    paths = [root / image.path for image in images]
    kinds = [list(CHANGES)[index % len(CHANGES)] for index in range(n)]
    with tempfile.TemporaryDirectory() as folder:
        copies = list(planted(paths, kinds, Path(folder), np.random.default_rng(seed)))
        digests, store = _read([*paths, *copies], workers)
    published = _Found(images, find_copies(digests[:n], store, workers))
    both = _Found([*images, *images], find_copies(digests, store, workers))
    one = published.group_of
    false = [
        pair
        for pair in both.pairs
        if pair.a % n != pair.b % n and one.get(pair.a % n, -1) != one.get(pair.b % n, -2)
    ]
    found = [both.group_of.get(i, -1) == both.group_of.get(i + n, -2) for i in range(n)]
    return {
        "slices": n,
        "recall": {
            kind: _recall([hit for hit, of in zip(found, kinds, strict=True) if of == kind])
            for kind in CHANGES
        },
        "all": _recall(found),
        "missed": [f"{paths[i].name}: {kinds[i]}" for i in range(n) if not found[i]],
        "as_published": {
            "pairs": len(published.pairs),
            "groups": len(published.groups),
            "across_patients": [_named(images, p) for p in published.pairs if _across(images, p)],
        },
        "false_pairs": [_named(images, pair) for pair in false],
    }


@dataclass(frozen=True)
class _Found:
    """``pairs`` of ``images``, by index."""

    images: Sequence[LabelledImage]
    pairs: Sequence[Pair]

    @property
    def groups(self) -> list[CopyGroup]:
        return copy_groups(self.images, self.pairs)

    @property
    def group_of(self) -> dict[int, int]:
        """The group of every picture that is in one."""
        return {
            index: number
            for number, group in enumerate(self.groups)
            for pair in group.pairs
            for index in (pair.a, pair.b)
        }


def planted(
    paths: Sequence[Path], kinds: Sequence[str], folder: Path, rng: np.random.Generator
) -> Iterator[Path]:
    """Write a copy of each slice to ``folder``, changed as its kind says; their paths."""
    for number, (path, kind) in enumerate(zip(paths, kinds, strict=True)):
        changed = Image.fromarray(CHANGES[kind](read_grey(path), rng))
        copy = folder / f"{number:05d}{'.jpg' if kind == 'JPEG 60' else '.png'}"
        options: dict[str, Any] = {"quality": 60} if kind == "JPEG 60" else {"compress_level": 1}
        changed.save(copy, **options)
        yield copy


def read_grey(path: Path) -> Grey:
    """Its first picture at full size, uint8 H x W."""
    return np.round(next(iter(read_slices(path))).pixels * 255).astype(np.uint8)


def as_it_is(grey: Grey, rng: np.random.Generator) -> Grey:
    """Nothing but the file is changed."""
    return grey


def half_mirrored_arrow(grey: Grey, rng: np.random.Generator) -> Grey:
    """Half the scale, mirrored, a white arrow anywhere."""
    small = Image.fromarray(np.ascontiguousarray(scaled_by(grey, 0.5)[:, ::-1]))
    tip = rng.uniform(0.2, 0.7, 2)
    points = [tip, tip + (0.14, 0.08), tip, tip + (0.05, 0), tip, tip + (0.01, 0.05)]
    line = [(x * small.width, y * small.height) for x, y in points]
    ImageDraw.Draw(small).line(line, 255, max(1, small.width // 60))
    return np.asarray(small)


def cropped(grey: Grey, rng: np.random.Generator) -> Grey:
    """3 to 6 % off each side, each by its own share."""
    height, width = grey.shape
    top, bottom, left, right = rng.uniform(0.03, 0.06, 4)
    rows = slice(round(top * height), height - round(bottom * height))
    return grey[rows, round(left * width) : width - round(right * width)]


def scaled(grey: Grey, rng: np.random.Generator) -> Grey:
    """0.6 to 1.6 times the size."""
    return scaled_by(grey, float(np.exp(rng.uniform(np.log(0.6), np.log(1.6)))))


def other_tones(grey: Grey, rng: np.random.Generator) -> Grey:
    """Another gamma, contrast and brightness, some of it clipped."""
    gamma, contrast, brightness = rng.uniform((0.7, 0.8, -0.1), (1.4, 1.2, 0.1))
    tones = ((grey / 255) ** gamma - 0.5) * contrast + 0.5 + brightness
    return np.asarray(np.round(np.clip(tones, 0, 1) * 255), np.uint8)


def scaled_by(grey: Grey, factor: float) -> Grey:
    """Resized, averaged where it shrinks."""
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=how))


CHANGES: Mapping[str, Change] = {
    "JPEG 60": as_it_is,
    "half, mirrored, arrow": half_mirrored_arrow,
    "cropped 3 to 6 % a side": cropped,
    "scaled 0.6 to 1.6": scaled,
    "brightness, contrast, gamma": other_tones,
}


def _read(paths: Sequence[Path], workers: int) -> tuple[list[str | None], TraceStore]:
    store = TraceStore(len(paths))
    digests: list[str | None] = []
    for index, file in enumerate(read_files(paths, trace, workers)):
        digests.append(None if file.constant else file.digest)
        if file.measured is not None:
            store[index] = file.measured
    return digests, store


def _recall(found: Sequence[bool]) -> dict[str, float]:
    share = binomtest(sum(found), len(found)).proportion_ci(method="wilson")
    return {
        "planted": len(found),
        "found": sum(found),
        "recall": round(sum(found) / len(found), 4),
        "low": round(float(share.low), 4),
        "high": round(float(share.high), 4),
    }


def _across(images: Sequence[LabelledImage], pair: Pair) -> bool:
    return "patients" in crossings((images[pair.a], images[pair.b]))


def _named(images: Sequence[LabelledImage], pair: Pair) -> dict[str, Any]:
    """A pair as what is to be looked at; ``pair`` may be of copies."""
    a, b = (images[index % len(images)] for index in (pair.a, pair.b))
    return {
        "a": a.path,
        "b": b.path,
        "copies": [index >= len(images) for index in (pair.a, pair.b)],
        "similarity": round(pair.similarity, 3),
        "crosses": list(crossings((a, b))),
    }


if __name__ == "__main__":
    sys.exit(main())
