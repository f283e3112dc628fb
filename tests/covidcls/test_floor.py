"""The floor: what is known of the class without the lungs."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.data.dataset import SeenPictures
from covidcls.data.mask_cache import MaskCache
from covidcls.data.pictures import LabelledPicture
from covidcls.floor import lung_free_floor, lung_free_floor_of_folds
from covidcls.views.view import View
from lungseg.segmenter import LungSegmenter

Draw = Callable[..., NDArray[np.uint8]]
Part = tuple[SeenPictures, list[LabelledPicture]]


@pytest.fixture
def part(tiny_weights: Path, tmp_path: Path, drawn_slice: Draw) -> Callable[[str, bool], Part]:
    """20 slices that tell their class in the lungs only, or with ``leak`` beside them too."""
    segmenter = LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu")
    rng = np.random.default_rng(0)

    def make(name: str, leak: bool) -> Part:
        pictures = []
        for n in range(20):
            drawn = drawn_slice(int(rng.integers(180, 220)))
            drawn[drawn == 10] = 25 * (n % 2)
            if leak:
                drawn[:10] = 255 * (n % 2)
            path = tmp_path / f"{name}{n}.png"
            Image.fromarray(drawn).save(path)
            pictures.append(LabelledPicture(path, n % 2, f"{name}{n}"))
        return SeenPictures(pictures, MaskCache(segmenter, tmp_path), View(), 32), pictures

    return make


def test_what_stands_beside_the_lungs_is_found(part: Callable[[str, bool], Part]) -> None:
    assert lung_free_floor(part("train", True), part("val", True)).value == 1


def test_what_stands_in_the_lungs_is_not_seen(part: Callable[[str, bool], Part]) -> None:
    found = lung_free_floor(part("train", False), part("val", False))
    assert 0.2 < found.value < 0.8
    assert (found.n, found.n_groups) == (20, 20)


def test_the_floor_of_one_data_set_sees_nothing_of_the_others(
    part: Callable[[str, bool], Part],
) -> None:
    leaking, honest = (
        [(part(f"{name}{where}", leak)) for where in ("train", "val")]
        for name, leak in (("leaking", True), ("honest", False))
    )

    def together(index: int) -> Part:
        named = [
            (seen, [replace(picture, source=name) for picture in pictures])
            for name, (seen, pictures) in (("a", leaking[index]), ("b", honest[index]))
        ]
        seen = copy(named[0][0])
        seen.lung_free = named[0][0].lung_free + named[1][0].lung_free
        return seen, named[0][1] + named[1][1]

    both = (together(0), together(1))
    assert lung_free_floor(*both, "a").value == 1
    assert lung_free_floor(*both, "b") == lung_free_floor(*honest)


@pytest.mark.parametrize(("leak", "low", "high"), [(True, 1, 1), (False, 0.1, 0.9)])
def test_every_slice_is_judged_by_a_forest_of_the_other_folds(
    part: Callable[[str, bool], Part], leak: bool, low: float, high: float
) -> None:
    folds = [n // 2 % 2 for n in range(20)]
    found = lung_free_floor_of_folds(part("all", leak), folds)
    assert low <= found.value <= high
    assert (found.n, found.n_groups) == (20, 20)
