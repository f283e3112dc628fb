"""Every slice is scored; groups, targets and errors are told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.errors import UsageError
from lungseg.evaluation.evaluate import evaluate
from lungseg.evaluation.pairs import find_pairs
from lungseg.metrics import dice, hd95, iou, surface_dice

Bar = Callable[..., NDArray[np.bool_]]


def test_scores_of_a_slice_are_those_of_its_masks(folder: Path, segmenter: Any, bar: Bar) -> None:
    pairs = find_pairs(folder / "images", folder / "masks")
    done: list[tuple[int, int]] = []
    found = evaluate(segmenter, pairs, batch_size=2, progress=lambda *counts: done.append(counts))
    assert done == [(2, 5), (4, 5), (5, 5)]
    moved = found.cases[1]
    assert (moved.case, moved.slice, moved.flags, moved.error) == ("b-moved", 0, ("uncertain",), "")
    assert moved.scores is not None
    masks = bar(7), bar(5)
    assert moved.scores.dice == dice(*masks) == pytest.approx(0.8)
    assert moved.scores.iou == iou(*masks)
    assert moved.scores.hd95 == hd95(*masks) == 2
    assert moved.scores.surface_dice_2px == surface_dice(*masks) == 1
    assert not found.needs_look


def test_a_segmenter_without_lesions_is_refused_for_them(
    folder: Path, segmenter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lungs = segmenter.predict
    monkeypatch.setattr(
        segmenter, "predict", lambda *given: [replace(one, lesion=None) for one in lungs(*given)]
    )
    with pytest.raises(UsageError, match="dark-is-lung finds no lesions"):
        evaluate(segmenter, find_pairs(folder / "images", folder / "masks"), "lesion")
