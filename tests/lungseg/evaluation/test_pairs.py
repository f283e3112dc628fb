"""Images find their masks by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from lungseg.errors import UsageError
from lungseg.evaluation.pairs import find_pairs


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


def test_pairs_are_made_by_the_name_up_to_the_suffix(tmp_path: Path) -> None:
    images = files(
        tmp_path / "i", "b.JPG", "a.1.5.png", "p/c.tif", "ct.nii.gz", "alone.png", "x.md"
    )
    masks = files(tmp_path / "m", "a.1.5.bmp", "b.png", "p/c.png", "ct.nii", "c.png")
    found = find_pairs(images, masks)
    assert [pair.case for pair in found.pairs] == ["a.1.5", "b", "ct", "p/c"]
    assert [pair.is_volume for pair in found.pairs] == [False, False, True, False]
    assert found.pairs[2].mask == masks / "ct.nii"
    assert found.images_without_mask == ("alone", "x.md")  # a PNG by its content
    assert found.masks_without_image == ("c",)


def test_the_hash_is_that_of_the_pictures_and_masks_that_pair(tmp_path: Path) -> None:
    images, masks = files(tmp_path / "i", "a.png", "b.png"), files(tmp_path / "m", "a.png")
    before = find_pairs(images, masks).sha256
    (images / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n other, but alone")
    assert find_pairs(images, masks).sha256 == before
    (masks / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n other")
    assert find_pairs(images, masks).sha256 != before
    pairs = find_pairs(images, masks)
    (masks / "a.png").unlink()
    assert len(pairs.sha256) == 64, "what cannot be read is for its row to tell"


def test_two_files_pair_too(tmp_path: Path) -> None:
    images, masks = files(tmp_path / "i", "a.png"), files(tmp_path / "m", "a.tif")
    [pair] = find_pairs(images / "a.png", masks / "a.tif").pairs
    assert (pair.case, pair.image) == ("a", images / "a.png")


def test_formats_that_are_not_aligned_here_are_refused(tmp_path: Path) -> None:
    images, masks = files(tmp_path / "i", "a.nrrd"), files(tmp_path / "m", "a.nrrd")
    with pytest.raises(UsageError, match=r"a\.nrrd is NRRD.*convert"):
        find_pairs(images, masks)


def test_what_cannot_be_paired_is_refused(tmp_path: Path) -> None:
    images, masks = files(tmp_path / "i", "a.png"), files(tmp_path / "m", "b.png")
    with pytest.raises(UsageError, match=r"same name.*a\.png.*b\.png"):
        find_pairs(images, masks)
    with pytest.raises(UsageError, match="images and masks"):
        find_pairs(images, images)
    with pytest.raises(UsageError, match="does not exist"):
        find_pairs(images, tmp_path / "absent")
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match="no input.*NIfTI"):
        find_pairs(images, tmp_path / "none")
    with pytest.raises(UsageError, match="one name"):
        find_pairs(files(tmp_path / "i", "a.jpg"), masks)
