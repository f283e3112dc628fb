"""What is counted of pictures that are shown inverted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from lungseg.segmenter import LungSegmenter


def test_inverted_slices_are_turned_and_others_are_not(
    benchmark_script: Callable[..., ModuleType], repository: Path
) -> None:
    script = benchmark_script("inverted_pictures")
    files = sorted((repository / "samples").rglob("*mid_lung-window.png"))
    assert len(files) > 1
    found = script.turned(LungSegmenter.from_checkpoint(device="cpu"), files)
    assert found == {
        "slices": len(files),
        "turned_as_they_are": 0,
        "turned_rotated": 0,
        "turned_inverted": len(files),
    }
