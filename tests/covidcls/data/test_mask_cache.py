"""Masks are computed once per segmenter and content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.data.mask_cache import MaskCache, default_cache
from covidcls.views.lungs import Lungs
from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.errors import UsageError
from lungseg.segmenter import LungSegmenter
from lungseg.slice import Slice

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture(scope="module")
def segmenter(tiny_weights: Path) -> LungSegmenter:
    return LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu")


@pytest.fixture
def files(tmp_path: Path, drawn_slice: Draw) -> list[Path]:
    """Seven pictures, the last two with the content of the first."""
    paths = [tmp_path / f"{n}.png" for n in range(7)]
    for n, path in enumerate(paths):
        Image.fromarray(drawn_slice(150 + 5 * (n % 5 if n < 5 else 0))).save(path)
    return paths


def masks_of(cache: MaskCache, files: list[Path]) -> list[NDArray[np.bool_]]:
    found: list[NDArray[np.bool_]] = []

    def use(index: int, one: Slice, lungs: Lungs) -> None:
        assert index == len(found)
        assert lungs.mask.shape == one.shape
        found.append(lungs.mask)

    cache.each(files, use)
    return found


def test_each_content_is_computed_once_and_never_again(
    segmenter: LungSegmenter, files: list[Path], tmp_path: Path
) -> None:
    first, second = MaskCache(segmenter, tmp_path / "c"), MaskCache(segmenter, tmp_path / "c")
    computed, cached = masks_of(first, files), masks_of(second, files)
    assert (first.computed, second.computed) == (5, 0)
    for file, a, b in zip(files, computed, cached, strict=True):
        assert np.array_equal(a, segmenter(file).mask)
        assert np.array_equal(a, b)


def test_a_renamed_file_is_known_and_a_changed_one_is_not(
    segmenter: LungSegmenter, files: list[Path], tmp_path: Path
) -> None:
    masks_of(MaskCache(segmenter, tmp_path / "c"), files)
    renamed = files[0].rename(tmp_path / "other name.png")
    changed = files[1]
    Image.fromarray(np.full((50, 40), 200, np.uint8)).save(changed)
    cache = MaskCache(segmenter, tmp_path / "c")
    assert masks_of(cache, [renamed, changed])[1].shape == (50, 40)
    assert cache.computed == 1


@pytest.mark.parametrize("damage", ["garbage", "empty", "cut", "other size"])
def test_a_damaged_file_of_the_cache_is_computed_again(
    segmenter: LungSegmenter, files: list[Path], tmp_path: Path, damage: str
) -> None:
    before = masks_of(MaskCache(segmenter, tmp_path / "c"), files)
    stored = sorted((tmp_path / "c").rglob("*.png"))
    assert len(stored) == 5
    if damage == "other size":
        Image.new("L", (9, 9)).save(stored[0])
    else:
        content = stored[0].read_bytes()
        new = {"garbage": b"no picture", "empty": b"", "cut": content[: len(content) // 2]}
        stored[0].write_bytes(new[damage])
    cache = MaskCache(segmenter, tmp_path / "c")
    after = masks_of(cache, files)
    assert cache.computed == 1
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    again = MaskCache(segmenter, tmp_path / "c")
    masks_of(again, files)
    assert again.computed == 0


def test_another_segmenter_has_masks_of_its_own(
    segmenter: LungSegmenter, files: list[Path], tmp_path: Path, tiny_weights: Path
) -> None:
    masks_of(MaskCache(segmenter, tmp_path / "c"), files)
    good = load_checkpoint(tiny_weights / "dark.safetensors", "segmenter")
    tensors = {**good.tensors, "masks.bias": good.tensors["masks.bias"] - 100}
    path = save_checkpoint(tmp_path / "weights", "blind", tensors, good.card)
    blind = MaskCache(LungSegmenter.from_checkpoint(path), tmp_path / "c")
    assert not any(mask.any() for mask in masks_of(blind, files))
    assert blind.computed == 5


def test_another_backend_has_masks_of_its_own(
    segmenter: LungSegmenter,
    files: list[Path],
    tmp_path: Path,
    tiny_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    masks_of(MaskCache(segmenter, tmp_path / "c"), files)
    other = LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu")
    monkeypatch.setattr(other.compiled, "precision", "bfloat16")  # which not every machine has
    cache = MaskCache(other, tmp_path / "c")
    masks_of(cache, files)
    assert cache.computed == 5


@pytest.mark.parametrize("lost", [".png", ".lesion-0.4.png", ".npy"])
def test_lesions_are_kept_as_they_are_seen_in_use(
    lesion_weights: Path, files: list[Path], tmp_path: Path, lost: str
) -> None:
    """And all files of a picture are needed: without one it is computed again."""
    segmenter = LungSegmenter.from_checkpoint(directory=lesion_weights, device="cpu")
    found: list[Lungs] = []
    for _ in range(2):
        cache = MaskCache(segmenter, tmp_path / "c")
        cache.each(files[:1], lambda index, one, lungs: found.append(lungs))
    assert cache.computed == 0
    in_use = Lungs.of(segmenter(files[0]))
    assert in_use.lesion is not None
    assert in_use.lesion.max() > 0
    for kept in found:
        assert kept.lesion is not None
        assert np.array_equal(kept.lesion, in_use.lesion)
        assert np.array_equal(kept.mask, in_use.mask)
        assert np.array_equal(kept.findings, in_use.findings)
    stored = {path.name.partition(".")[2]: path for path in (tmp_path / "c").rglob("*.*")}
    assert len(stored) == 3
    stored[lost.removeprefix(".")].unlink()
    again = MaskCache(segmenter, tmp_path / "c")
    again.each(files[:1], lambda index, one, lungs: None)
    assert again.computed == 1


def test_many_files_stream_in_order(
    segmenter: LungSegmenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[Path]
) -> None:
    monkeypatch.setattr("covidcls.data.mask_cache.CHUNK", 2)
    assert len(masks_of(MaskCache(segmenter, tmp_path / "c"), files)) == 7
    assert masks_of(MaskCache(segmenter, tmp_path / "c"), []) == []


def test_what_is_no_axial_ct_slice_is_refused_by_name(
    segmenter: LungSegmenter, tmp_path: Path
) -> None:
    from pydicom import dcmread
    from pydicom.data import get_testdata_file

    scout = dcmread(str(get_testdata_file("CT_small.dcm")))
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    scout.save_as(tmp_path / "scout.dcm")
    with pytest.raises(UsageError, match=r"scout\.dcm is no axial CT slice \(.*out of the data"):
        masks_of(MaskCache(segmenter, tmp_path / "c"), [tmp_path / "scout.dcm"])


def test_a_file_of_several_slices_is_refused_by_name(
    segmenter: LungSegmenter, tmp_path: Path, files: list[Path]
) -> None:
    """One label for all of them, and the first alone would be learned."""
    pages = [Image.open(file) for file in files[:2]]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(UsageError, match=r"pages\.tif has several slices .* one slice a file"):
        masks_of(MaskCache(segmenter, tmp_path / "c"), [*files, tmp_path / "pages.tif"])
    pages[0].save(tmp_path / "page.tif")
    assert len(masks_of(MaskCache(segmenter, tmp_path / "c"), [tmp_path / "page.tif"])) == 1


def test_the_cache_lies_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/lungseg-covid")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache" / "lungseg-covid"
