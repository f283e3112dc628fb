"""Pseudo-labels: altered copies come back in place, and only agreement is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.lung_mask import LungMask, Raw
from lungseg.pseudo_labelling import VIEWS, PseudoLabel, judge, pseudo_label
from lungseg.pseudo_labels import Filters
from lungseg.slice import Slice, Source

Maps = NDArray[np.float32]


class Stub:
    """A segmenter that takes what is dark for lung, or a fixed place whatever it is shown."""

    size, threshold, lesion_threshold = 256, 0.5, 0.5

    def __init__(self, fixed: bool = False) -> None:
        self.min_chest_ct = 0.5
        self.fixed, self.sizes = fixed, list[int | None]()

    def raw(self, slices: Sequence[Slice], size: int | None = None) -> list[Raw]:
        self.sizes += [size] * len(slices)
        place = lung_at(10, 30)
        return [
            Raw([place if self.fixed else (one.pixels < 0.3).astype(np.float32)] * 2, 0.9)
            for one in slices
        ]

    def mask_of(self, one: Slice, raw: Raw) -> LungMask:
        lung, lesion = (one >= 0.5 for one in raw.maps)
        return LungMask(lung, raw.maps[0], lesion & lung, raw.chest_ct)


def lung_at(top: int, left: int) -> Maps:
    """100 x 80, one where 40 x 30 pixels are lung."""
    picture = np.zeros((100, 80), np.float32)
    picture[top : top + 40, left : left + 30] = 1
    return picture


def drawn(shape: tuple[int, int] = (100, 80)) -> Slice:
    """Dark in the upper left, so that no flip leaves it as it is."""
    pixels = np.full(shape, 0.8, np.float32)
    pixels[: shape[0] // 3, : shape[1] // 3] = 0.1
    return Slice(pixels, Source("drawn"))


def test_copies_come_back_in_the_geometry_of_the_slice() -> None:
    segmenter = Stub()
    label = pseudo_label(segmenter, drawn())
    assert (label.reason, label.agreement_lung, label.uncertain) == ("", 1.0, 0.0)
    assert np.array_equal(label.mask.mask, drawn().pixels < 0.3)
    assert sorted(set(segmenter.sizes)) == [224, 256, 320]
    assert len(segmenter.sizes) == len(VIEWS)


def test_a_network_that_does_not_follow_the_picture_is_not_believed() -> None:
    label = pseudo_label(Stub(fixed=True), drawn())
    assert label.reason == "lungs_disagree"
    assert label.agreement_lung < 0.95


def test_every_copy_differs_from_the_slice_or_its_size() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.random((20, 30), np.float32)
    assert np.array_equal(VIEWS[0].of(pixels), pixels)
    for view in VIEWS[1:]:
        assert view.input_size(256) != 256 or not np.array_equal(view.of(pixels), pixels)
        assert view.of(pixels).shape == pixels.shape
        assert view.of(pixels).min() >= 0 and view.of(pixels).max() <= 1


def test_a_large_slice_is_shrunk_with_its_mask() -> None:
    assert pseudo_label(Stub(), drawn((300, 1024))).mask.mask.shape == (150, 512)


def judged(
    lungs: Sequence[Maps],
    lesions: Sequence[Maps] | None = None,
    chest: float = 0.9,
    flags: tuple[str, ...] = (),
) -> PseudoLabel:
    """What is said of copies with these maps."""
    layers = [lungs] if lesions is None else [lungs, lesions]
    maps = np.stack([np.stack(copies) for copies in layers], axis=1)
    mean = maps.mean(axis=0)
    lung = mean[0] >= 0.5
    lesion = None if lesions is None else (mean[1] >= 0.5) & lung
    return judge(maps, LungMask(lung, mean[0], lesion, chest, flags), (0.5, 0.5), 0.5, Filters())


SURE = [lung_at(10, 20)] * 8
NOTHING = [np.zeros((100, 80), np.float32)] * 8


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (judged(SURE), ""),
        (judged(SURE, flags=("touches-border", "tiny")), ""),
        (judged(SURE, flags=("touches-border", "one-lung")), "shape"),
        (judged(SURE, chest=0.4), "not_ct"),
        (judged(NOTHING), "no_lung"),
        (
            judged([lung_at(10, 20), lung_at(14, 20), lung_at(10, 26), lung_at(10, 20)]),
            "lungs_disagree",
        ),
        (judged([lung_at(10, 20) * 0.6] * 4), "uncertain"),
    ],
)
def test_a_slice_is_dropped_for_the_first_filter_that_it_fails(
    label: PseudoLabel, reason: str
) -> None:
    assert label.reason == reason


SPOT = np.zeros((100, 80), np.float32)
SPOT[20:30, 25:45] = 1
ELSEWHERE = np.roll(SPOT, 12, axis=0)
SPECK = np.zeros((100, 80), np.float32)
SPECK[30, 30] = 1


@pytest.mark.parametrize(
    ("lesions", "known"),
    [
        (NOTHING, True),
        ([SPOT] * 8, True),
        ([SPOT, ELSEWHERE] * 4, False),
        ([*NOTHING[:7], SPOT], False),  # one copy shows a lesion: who is right?
        ([np.roll(SPECK, n, axis=0) for n in range(8)], True),
        (None, False),
    ],
)
def test_lesions_are_known_where_all_copies_agree(
    lesions: Sequence[Maps] | None, known: bool
) -> None:
    label = judged(SURE, lesions)
    assert label.lesion_known is known
    assert label.reason == "", "lesions do not decide whether the lungs are kept"


def test_a_looser_filter_keeps_more() -> None:
    one = [lung_at(10, 20), lung_at(10, 20), lung_at(18, 20)]
    maps = np.stack([np.stack([copy]) for copy in one])
    mask = LungMask(maps.mean(axis=0)[0] >= 0.5, maps.mean(axis=0)[0])
    strict = judge(maps, mask, (0.5, 0.5), 0.5, Filters(max_uncertain=1.0))
    loose = judge(
        maps, mask, (0.5, 0.5), 0.5, replace(Filters(max_uncertain=1.0), min_agreement=0.9)
    )
    assert (strict.reason, loose.reason) == ("lungs_disagree", "")
