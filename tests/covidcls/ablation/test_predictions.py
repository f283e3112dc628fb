"""What cells said is kept, and judged again where it is of other slices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from covidcls.ablation.predictions import JudgedSlice, kept_predictions

ONE = JudgedSlice("COVID/1.png", 1, "p1", 0.75)
OTHER = JudgedSlice("other/2.png", 0, "file:other/2.png", 0.5)


def test_what_is_kept_is_not_judged_again(tmp_path: Path) -> None:
    file = tmp_path / "predictions.csv"
    assert kept_predictions(file, lambda: [ONE, OTHER]) == [ONE, OTHER]
    now = [(one.path, one.truth, one.patient) for one in (OTHER, ONE)]
    for known in (None, now):
        assert kept_predictions(file, lambda: [], known) == [ONE, OTHER]


@pytest.mark.parametrize("change", [{"path": "COVID/3.png"}, {"truth": 0}, {"patient": "p2"}])
def test_other_slices_labels_and_patients_are_judged(
    tmp_path: Path, change: dict[str, str]
) -> None:
    file, changed = tmp_path / "predictions.csv", replace(ONE, **change)  # type: ignore[arg-type]
    kept_predictions(file, lambda: [ONE])
    now = [(changed.path, changed.truth, changed.patient)]
    assert kept_predictions(file, lambda: [changed], now) == [changed]
    assert kept_predictions(file, lambda: []) == [changed]
