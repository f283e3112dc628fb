"""Damaged files of every format become slices or sentences; and the script would notice if not."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from lungseg.io import Input, Part
from lungseg.slice import Slice, Source
from pipelines.decoder import Decoder
from pipelines.read_ahead import Item

KINDS = 19
ISSUE = 5000  # files that the issue asks for


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    pytest.importorskip("SimpleITK", reason="writes the whole files, comes with [dev]")
    return benchmark_script("mutated_inputs")


@pytest.mark.parametrize(
    ("files", "seed"), [(5 * KINDS, 1), pytest.param(ISSUE, 2, marks=pytest.mark.slow)]
)
def test_damaged_files_are_read_or_refused(
    script: ModuleType, tmp_path: Path, files: int, seed: int
) -> None:
    out = tmp_path / "result.json"
    code = script.main(["--files", str(files), "--seed", str(seed), "--out", str(out)])
    result = json.loads(out.read_text())
    assert [result[failure] for failure in script.FAILURES] == [[], [], []]
    assert code == 0
    counts = list(result["kinds"].values())
    assert len(counts) == KINDS
    assert sum(of["files"] for of in counts) == files
    for outcome in ("slices", "refused"):
        assert sum(of.get(outcome, 0) for of in counts) > files / 5


def test_a_seed_gives_the_same_files(script: ModuleType, tmp_path: Path) -> None:
    contents = []
    for name in ("a", "b"):
        whole = script.write_whole_files(tmp_path / name / "whole")
        paths = script.write_mutated(tmp_path / name, whole, KINDS, 3)
        contents.append({path.name: path.read_bytes() for path in paths})
    assert contents[0] == contents[1]
    assert all(whole[name[6:]] != content for name, content in contents[0].items())


def test_repaired_checksums_let_damage_through(script: ModuleType) -> None:
    file = io.BytesIO()
    Image.new("L", (9, 9)).save(file, "png")
    damaged = bytearray(file.getvalue())
    damaged[19] = 8  # the width
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(damaged))
    script.repair_checksums(damaged)
    picture = Image.open(io.BytesIO(damaged))
    picture.verify()
    assert picture.size == (8, 9)


class Dying(Decoder):
    """A decoder that is killed when it opens its first file, a pipe."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        Thread(target=self.die, daemon=True).start()

    def die(self) -> None:
        with self._inputs[0][0].file.open("wb"):  # waits for the reader
            self.kill()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that never answers")
@pytest.mark.parametrize(
    ("kind", "seconds", "told"), [(Dying, 60, "crashes"), (Decoder, 1, "hangs")]
)
def test_a_crash_and_a_hang_are_told(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Decoder],
    seconds: float,
    told: str,
) -> None:
    os.mkfifo(tmp_path / "hung.png")
    monkeypatch.setattr("pipelines.read_ahead.Decoder", kind)
    given = [Input("hung.png", (Part(tmp_path / "hung.png", "hung.png"),), "PNG")]
    assert [outcome for _, outcome, _ in script.outcomes_of(given, seconds)] == [told]


def pixels(*values: Sequence[float]) -> Item:
    return Item(0, 0, Slice(np.array(values, np.float32), Source("x.png")))


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (pixels([0, 1]), "slices"),
        (pixels([0, np.nan]), "undeclared"),
        (pixels([0, 1.5]), "undeclared"),
        (pixels([]), "undeclared"),
        (Item(0, 0, None, "x.png is empty"), "refused"),
        (Item(0, 0, None, "it is empty"), "undeclared"),
        (Item(0, 0, None, "x.png\nis empty"), "undeclared"),
        (Item(0, 0, None), "undeclared"),
    ],
)
def test_a_row_is_a_slice_in_range_or_a_sentence_that_names_its_file(
    script: ModuleType, item: Item, outcome: str
) -> None:
    assert script.outcome_of(item, Input("x.png", ())) == outcome


def test_a_file_without_a_row_is_told(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "00000-grey.png"
    path.write_bytes(b"")
    monkeypatch.setattr(script, "outcomes_of", lambda *given: iter(()))
    found = script.read_all([path], 10)
    assert found["undeclared"] == [path.name]
    assert script.has_failures(found) and not script.has_failures({**found, "undeclared": []})
    assert found["kinds"] == {"grey.png": {"files": 1, "undeclared": 1}}
