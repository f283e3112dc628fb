"""Stage 1 against lungmask: both see the same slices in HU, one at a time and in batches."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from lungseg.segmenter import LungSegmenter


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("against_lungmask")


def test_without_lungmask_one_sentence_says_how_to_get_it(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "lungmask.mask", None)
    monkeypatch.setitem(sys.modules, "lungmask", None)
    assert script.main(["--out", str(tmp_path / "speed.json")]) == 2
    assert "python -m pip install lungmask" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_both_see_the_same_slices_one_at_a_time_and_in_batches(script: ModuleType) -> None:
    seen: dict[str, list[tuple[int, int]]] = {"lungmask": [], "ours": []}

    def watched(name: str) -> Callable[[Any, int], None]:
        def segment(stack: Any, batch_size: int) -> None:
            assert (stack.dtype, stack.ndim) == (np.int16, 3)
            seen[name].append((len(stack), batch_size))

        return segment

    stack = script.phantoms(3, 64)
    found = script.compared(watched("lungmask"), {"ours": watched("ours")}, stack, repeats=1)
    assert seen["ours"] == seen["lungmask"] == [(1, 1), (1, 1), (1, 1), (3, script.BATCH)] * 2
    assert list(found["ours"]) == [script.ONE, script.BATCHES]
    assert found["lungmask"][script.ONE]["ratio"] == 1


def test_ours_reads_hounsfield_units_and_returns_clean_masks(
    script: ModuleType, tiny_weights: Path
) -> None:
    segmenter = LungSegmenter.from_checkpoint(tiny_weights / "dark.safetensors", backend="torch")
    stack = script.phantoms(2, 64)
    masks = script.stage_one(segmenter)(stack, 2)
    for one, mask in zip(stack, masks, strict=True):
        assert mask.mask.any()
        assert one[mask.mask].mean() < -600


def test_slices_are_ct_in_hu_with_air_in_the_lungs_and_around(script: ModuleType) -> None:
    stack = script.phantoms(2, 64)
    assert stack.shape == (2, 64, 64)
    for one in stack:
        assert one.min() < -800
        assert one.max() > 100


def test_lungmask_itself_runs_with_random_weights(script: ModuleType) -> None:
    pytest.importorskip("lungmask", reason="a benchmark needs lungmask, nothing else does")
    r231 = script.RandomR231()
    assert 31e6 < r231.parameters < 32e6
    assert r231(script.phantoms(1, 64), 1).shape == (1, 64, 64)
