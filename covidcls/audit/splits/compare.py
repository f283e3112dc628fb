"""What leakage is worth: a quick model on the split as published, and on splits that keep units
together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.findings import Finding
from covidcls.audit.inventory import LabelledImage
from covidcls.audit.splits.assignment import Sizes, grouped_parts, shared_out
from covidcls.audit.splits.quick_model import scores
from covidcls.audit.units import Tie, independent_units
from covidcls.statistics import mean_auc
from lungseg.bootstrap import Interval, interval
from lungseg.errors import UsageError

SEEDS = (0, 1, 2, 3, 4)
_TRAIN = "train"
_SHARES = {_TRAIN: 0.8, "test": 0.2}  # of a data set without a split


@dataclass(frozen=True)
class SplitComparison:
    """AUC of one quick model, tested on ``part``; intervals are clustered by unit.

    ``given``: of the published split or, where ``published`` is False, the mean over splits drawn
    by picture. ``leaking``: the share of its tested pictures whose patient, paper or copy is
    trained on; ``unknown``: that of all pictures of which neither patient nor paper is known.
    ``grouped``: the mean over splits of the same sizes that keep these together, ``of_seeds`` one
    by one. ``worth``: ``given`` less ``grouped``.
    """

    published: bool
    part: str
    leaking: float
    unknown: float
    given: Interval
    grouped: Interval
    worth: Interval
    of_seeds: tuple[float, ...]
    seeds: tuple[int, ...]

    def finding(self) -> Finding:
        """The row of the audit."""
        what = "the published split" if self.published else "splits drawn picture by picture"
        return Finding(
            "split_comparison",
            f"a quick model has AUC {_words(self.given)} on {what} ({self.part}), where "
            f"{self.leaking:.0%} of the tested pictures have their patient, paper or copy in "
            f"{_TRAIN}, and {_words(self.grouped)} on {len(self.seeds)} splits that keep these "
            f"together: a difference of {_words(self.worth)}; {self._meaning()}{self._not_known()}",
            ("splits",) if self.published and self.leaking else (),
            group=self.part,
        )

    def _meaning(self) -> str:
        if self.worth.low > 0 and self.leaking:
            return (
                "a result on such a split is too good by about so much, because what is tested is "
                "known from training"
            )
        if self.worth.low > 0:
            return (
                "nothing known to belong together is on both sides, so patients or copies are "
                "unknown, or what it tests is easier: a result on it is too good by about so much"
            )
        if self.worth.high < 0:
            return (
                "such a split is harder than a grouped one: what it tests comes from elsewhere "
                "than what it trains on"
            )
        return (
            f"its interval holds zero, so no leakage shows; on {self.worth.n_groups} patients, "
            f"papers or files, one worth up to {self.worth.high:.3f} would not"
        )

    def _not_known(self) -> str:
        if not self.unknown:
            return ""
        return (
            f"; of {self.unknown:.0%} of the pictures neither patient nor paper is known, and what "
            "slices of one patient leak there is in both figures"
        )


@dataclass(frozen=True, eq=False)
class _Tested:
    """``index``: the tested among all images; their ``labels`` (codes) and ``scores``."""

    index: NDArray[np.intp]
    labels: NDArray[np.int_]
    scores: NDArray[np.float64]

    def auc(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """B values for weights B x tested."""
        return mean_auc(self.labels, self.scores, weights)


def compare_splits(
    images: Sequence[LabelledImage],
    glimpses: Sequence[NDArray[np.uint8] | None],
    ties: Sequence[Tie],
    seeds: Sequence[int] = SEEDS,
    workers: int = 1,
) -> SplitComparison:
    """Train and test a quick model on the split that ``images`` have, or on splits drawn by
    picture, one for each seed, where they have none; and on grouped splits of the same sizes.

    ``glimpses``: what ``glimpse`` gives of every image; None leaves it out. Tested is on ``test``
    or, where none of its images is here, on ``val``. The interval of the difference resamples units
    once for both sides, and takes the trained models as they are. ``workers``: threads. Raises
    UsageError where a part lacks a class.
    """
    published = any(image.split is not None for image in images)
    every_unit = independent_units(images, ties)
    used = [
        (image, unit, seen)
        for image, unit, seen in zip(images, every_unit, glimpses, strict=True)
        if seen is not None and (image.split is not None or not published)
    ]
    images, units = [image for image, _, _ in used], [unit for _, unit, _ in used]
    part = _tested_part(images) if published else "test"
    sizes = _sizes(images) if published else shared_out(images, _SHARES)
    paths = [image.path for image in images]
    given = (
        [[str(image.split) for image in images]]
        if published
        else [grouped_parts(images, paths, sizes, seed) for seed in seeds]
    )
    grouped = [grouped_parts(images, units, sizes, seed) for seed in seeds]
    _refuse_one_sided([image.label for image in images], [*given, *grouped], part)
    pixels = np.stack([seen.ravel() for _, _, seen in used])
    codes = np.unique([image.label for image in images], return_inverse=True)[1]

    def tested(parts: Sequence[str]) -> _Tested:
        train, index = (np.flatnonzero(np.array(parts) == name) for name in (_TRAIN, part))
        found = scores(pixels[train], codes[train], pixels[index], workers)
        return _Tested(index, codes[index], found)

    of_given, of_grouped = [tested(parts) for parts in given], [tested(parts) for parts in grouped]
    return SplitComparison(
        published,
        part,
        float(np.mean([_leaking(units, parts, part) for parts in given])),
        sum(image.patient is None and image.source is None for image in images) / len(images),
        _interval(units, of_given),
        _interval(units, of_grouped),
        _interval(units, of_given, less=of_grouped),
        tuple(float(run.auc(np.ones((1, len(run.index))))[0]) for run in of_grouped),
        tuple(seeds),
    )


def _interval(
    units: Sequence[str], runs: Sequence[_Tested], less: Sequence[_Tested] = ()
) -> Interval:
    """Of the mean AUC of ``runs``, less that of ``less``, over the units tested in any of them."""
    tested = np.unique(np.concatenate([run.index for run in (*runs, *less)]))

    def mean(side: Sequence[_Tested], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        of_runs = [run.auc(weights[:, np.searchsorted(tested, run.index)]) for run in side]
        return np.asarray(np.mean(of_runs, axis=0))

    return interval(
        lambda weights: mean(runs, weights) - (mean(less, weights) if less else 0),
        [units[index] for index in tested],
    )


def _tested_part(images: Sequence[LabelledImage]) -> str:
    parts = {image.split for image in images}
    for part in ("test", "val"):
        if {_TRAIN, part} <= parts:
            return part
    raise UsageError(
        f"splits cannot be compared: there should be {_TRAIN}, and test or val; there is "
        f"{', '.join(sorted(map(str, parts))) or 'none'}"
    )


def _sizes(images: Sequence[LabelledImage]) -> Sizes:
    sizes: dict[str, Counter[str]] = {}
    for image in images:
        sizes.setdefault(image.label, Counter())[str(image.split)] += 1
    return sizes


def _leaking(units: Sequence[str], parts: Sequence[str], part: str) -> float:
    trained = {unit for unit, name in zip(units, parts, strict=True) if name == _TRAIN}
    tested = [unit in trained for unit, name in zip(units, parts, strict=True) if name == part]
    return sum(tested) / len(tested)


def _refuse_one_sided(labels: Sequence[str], splits: Sequence[Sequence[str]], part: str) -> None:
    for parts, name in product(splits, (_TRAIN, part)):
        here = {label for label, of in zip(labels, parts, strict=True) if of == name}
        missing = sorted(set(labels) - here)
        if missing or len(here) < 2:
            raise UsageError(
                f"splits cannot be compared: {name} has no image of "
                f"{', '.join(missing) or 'a second class'}, as published or with whole patients; "
                "give more images, or fewer classes"
            )


def _words(figure: Interval) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
