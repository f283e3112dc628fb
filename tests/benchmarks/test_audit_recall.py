"""Recall of planted copies: by kind, and a pair that was not planted is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from covidcls.audit.inventory import LabelledImage
from lungseg.phantom import display, make_phantom


@pytest.fixture
def slices(tmp_path: Path) -> list[LabelledImage]:
    """Five phantoms of five patients, and the first once more, of a sixth."""
    for seed in range(5):
        chest = Image.fromarray(display(make_phantom(0.5, size=192, seed=seed, lesions=0.2).hu))
        chest.save(tmp_path / f"{seed}.png")
    Image.open(tmp_path / "0.png").save(tmp_path / "5.jpg", quality=90)
    names = [*(f"{seed}.png" for seed in range(5)), "5.jpg"]
    return [LabelledImage(name, "sick", patient=name) for name in names]


def test_each_slice_gets_one_copy_and_what_was_there_before_is_no_false_pair(
    benchmark_script: Callable[..., ModuleType], slices: list[LabelledImage], tmp_path: Path
) -> None:
    script = benchmark_script("audit_recall")
    result = script.measured(tmp_path, slices)
    planted = {kind: figure["planted"] for kind, figure in result["recall"].items()}
    assert list(planted) == list(script.CHANGES) and list(planted.values()) == [2, 1, 1, 1, 1]
    assert result["all"]["found"] == 6 and result["missed"] == []
    (pair,) = result["as_published"]["across_patients"]
    assert (pair["a"], pair["b"]) == ("0.png", "5.jpg")
    assert result["false_pairs"] == []
    lines = script.table({"sets": {"drawn": result}}).split("\n")
    assert lines[0] == "| planted | drawn |" and len(lines) == 8
    assert lines[-1] == "| all | 6 of 6: 1.000 (0.610 to 1.000) |"


def test_what_is_not_found_is_named_and_what_is_wrongly_paired_too(
    benchmark_script: Callable[..., ModuleType],
    slices: list[LabelledImage],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = benchmark_script("audit_recall")
    other = script.read_grey(tmp_path / "1.png")
    changes = dict.fromkeys(script.CHANGES, lambda grey, rng: grey)
    changes["JPEG 60"] = lambda grey, rng: other  # the copies of 0 and 5 are another slice
    monkeypatch.setattr(script, "CHANGES", changes)
    result = script.measured(tmp_path, slices[:5])
    assert result["missed"] == ["0.png: JPEG 60"]
    assert result["recall"]["JPEG 60"]["recall"] == 0
    assert {(pair["a"], pair["b"]) for pair in result["false_pairs"]} >= {("1.png", "0.png")}
