"""Folds keep patients, papers, copies and runs of numbers together, and are found once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covidcls.data import folds
from covidcls.data.folds import cached_folds, grouped_folds
from covidcls.data.pictures import LabelledPicture
from lungseg.phantom import display, make_phantom


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve chests; 9 is a copy of 0 at another size and tone."""
    folder = tmp_path_factory.mktemp("folds")
    for n in range(12):
        chest = Image.fromarray(display(make_phantom(0.35 + 0.03 * n, size=96, seed=n).hu))
        if n == 9:
            chest = Image.open(folder / "0.png").resize((120, 120)).point(lambda grey: grey * 0.9)
        chest.save(folder / f"{n}.png")
    return folder


@pytest.fixture(scope="module")
def pictures(root: Path) -> list[LabelledPicture]:
    """Patient of two slices each, but for the last ones."""
    patients = [f"p{n // 2}" if n < 8 else f"file:{n}.png" for n in range(12)]
    return [LabelledPicture(root / f"{n}.png", n // 2 % 2, patients[n]) for n in range(12)]


def test_patients_and_copies_stay_together_and_folds_are_alike(
    root: Path, pictures: list[LabelledPicture]
) -> None:
    found = grouped_folds(root, pictures, 3, seed=1)
    fold = [found[f"{n}.png"] for n in range(12)]
    assert all(fold[n] == fold[n + 1] for n in range(0, 8, 2))
    assert fold[9] == fold[0]
    assert set(fold) == {0, 1, 2}
    for label in (0, 1):
        sizes = np.bincount([f for f, p in zip(fold, pictures, strict=True) if p.label == label])
        assert min(sizes) >= 1
    assert grouped_folds(root, pictures[::-1], 3, seed=1) == found


def test_papers_and_runs_of_numbers_stay_together(tmp_path: Path) -> None:
    """Four papers of three patients each, and a hundred slices of nobody knows whom."""
    random, pictures = np.random.default_rng(0), []
    papers = [f"paper{n % 4 + 1}-p1-{n}%0.png" for n in range(12)]
    for n, name in enumerate([*papers, *(f"other ({n + 1}).png" for n in range(100))]):
        noise = random.integers(0, 255, (8, 8), dtype=np.uint8)
        Image.fromarray(noise).resize((96, 96), Image.Resampling.NEAREST).save(tmp_path / name)
        patient = f"p{n}" if n < 12 else f"file:{name}"
        pictures.append(LabelledPicture(tmp_path / name, int(n < 12), patient))
    found = grouped_folds(tmp_path, pictures, 2, seed=0)
    assert all(len({found[one] for one in papers[n::4]}) == 1 for n in range(4))
    runs = [found[f"other ({n + 1}).png"] for n in range(100)]
    assert np.count_nonzero(np.diff(runs)) <= 7


def test_folds_are_found_once_for_one_content(
    root: Path,
    pictures: list[LabelledPicture],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, int]] = []

    def found(root: Path, pictures: list[LabelledPicture], n: int, seed: int) -> dict[str, int]:
        asked.append((n, seed))
        return {one.path.name: index % n for index, one in enumerate(pictures)}

    monkeypatch.setattr(folds, "grouped_folds", found)
    first = cached_folds(root, pictures, 3, 0, tmp_path)
    assert first == [n % 3 for n in range(12)]
    assert cached_folds(root, pictures, 3, 0, tmp_path) == first
    assert cached_folds(root, pictures[::-1], 3, 0, tmp_path) == first[::-1]
    assert asked == [(3, 0)]
    cached_folds(root, pictures, 3, 1, tmp_path)
    cached_folds(root, pictures[:-1], 3, 0, tmp_path)
    assert asked == [(3, 0), (3, 1), (3, 0)]
