"""Thresholds are those that validation says, each source counting the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from lungseg.data.sources import MaskedSlice
from lungseg.evaluation.thresholds import choose_thresholds, min_certainty
from lungseg.lung_mask import LungMask, Raw
from lungseg.slice import Slice


class PicturesAreMaps:
    """Stands for a segmenter whose lung map is the picture, and its lesion map the square of it."""

    def raw(self, slices: Sequence[Slice]) -> list[Raw]:
        return [Raw([one.pixels, one.pixels**2], 1.0) for one in slices]


RAMP = np.tile(np.arange(0, 250, 5, dtype=np.uint8), (8, 1))


def ramp(lung_from: float, lesion_from: float = 2.0, known: bool = True) -> MaskedSlice:
    """A picture from black to white whose true lung begins at a grey value of 0 to 1."""
    grey = RAMP / 255
    masks = np.dstack([grey >= lung_from, grey**2 >= lesion_from]).astype(np.uint8)
    return MaskedSlice("r", "r", RAMP, masks, (True, known), 1)


def chosen(sources: dict[str, list[MaskedSlice]]) -> dict[str, Any]:
    segmenter: Any = PicturesAreMaps()
    return choose_thresholds(segmenter, sources)


def test_both_thresholds_are_found_where_the_truth_begins() -> None:
    card = chosen({"a": [ramp(0.3, 0.6)], "b": [ramp(0.3, 0.6), ramp(2.0)]})
    assert (card["threshold"], card["lesion_threshold"]) == (0.3, pytest.approx(0.6, abs=0.051))


def test_a_large_source_does_not_outvote_two_small_ones() -> None:
    sources = {"large": [ramp(0.7)] * 40, "small": [ramp(0.3)], "smaller": [ramp(0.3)]}
    assert chosen(sources)["threshold"] < 0.5


def test_the_card_says_on_which_sources_each_was_chosen() -> None:
    known, unknown = ramp(0.3, 0.6), ramp(0.3, known=False)
    card = chosen({"a": [known], "b": [unknown], "stress dark": [known], "photos": [ramp(2.0)]})
    assert card["threshold_chosen_by"].endswith(": a, b, stress dark")
    assert card["lesion_threshold_chosen_by"].endswith(": a, stress dark, photos")


def test_lesions_that_nobody_outlined_choose_nothing() -> None:
    assert "lesion_threshold" not in chosen({"a": [ramp(0.3, 0.6, known=False)]})


def test_without_lung_there_is_nothing_to_choose() -> None:
    assert chosen({"a": [ramp(2.0)]}) == {"threshold": 0.5}


def test_the_certainty_asked_for_lies_between_lungs_and_what_is_taken_for_them() -> None:
    class Says:
        min_chest_ct = 0.5

        def predict(self, slices: Sequence[Slice]) -> list[LungMask]:
            """To it what is nearly white is no chest CT."""
            return [
                LungMask(one.pixels > 0.5, one.pixels, chest_ct=float(one.pixels.max() < 0.99))
                for one in slices
            ]

    def shown(grey: int, lung: bool = True) -> MaskedSlice:
        picture = np.full((8, 8), grey, np.uint8)
        masks = np.full((8, 8, 2), lung, np.uint8)
        return MaskedSlice("s", "s", picture, masks, (True, True), 1)

    def asked(*slices: MaskedSlice) -> float:
        segmenter: Any = Says()
        return min_certainty(segmenter, {"a": slices[:2], "b": slices[2:]})

    lungs = [shown(240), shown(230), shown(20)]
    assert asked(*lungs, shown(150, lung=False)) == pytest.approx(190 / 255, abs=1e-3)
    assert asked(*lungs, shown(150, lung=False), shown(254, lung=False)) == asked(
        *lungs, shown(150, lung=False)
    )
    assert asked(*lungs, shown(229, lung=False)) == pytest.approx(230 / 255 - 0.02, abs=1e-3)
    assert asked(*lungs) == pytest.approx(115 / 255, abs=1e-3)  # nothing was taken for lung
    assert asked(shown(150, lung=False)) == 0
