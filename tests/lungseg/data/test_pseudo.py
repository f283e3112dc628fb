"""Pictures find their pseudo-labels by content."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.data.pseudo import read_pseudo_folder
from lungseg.data.sources import LESION, LUNG
from lungseg.errors import UsageError
from lungseg.pseudo_labels import COLUMNS, Row, encode_masks, fingerprint, mask_file

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def labelled(tmp_path: Path, drawn_slice: Draw) -> tuple[Path, Path]:
    """Pictures 0 to 3 and their labels: 0 and 1 kept, 2 dropped, 3 unknown to the labels."""
    pictures, labels = tmp_path / "pictures", tmp_path / "labels"
    (pictures / "case").mkdir(parents=True)
    (labels / "masks").mkdir(parents=True)
    rows = []
    for n in range(4):
        file = pictures / "case" / f"{n}.png"
        Image.fromarray(drawn_slice(150 + 10 * n)).save(file)
        sha256 = fingerprint(file.read_bytes())
        lung = drawn_slice() == 10
        lesion = lung & (np.arange(96) < 30)[:, None].T
        mask_file(labels, sha256).write_bytes(encode_masks(lung, lesion))
        row = Row(f"case/{n}.png", sha256, n < 2, "", lesion_known=n == 1, group=f"g{n}")
        rows.append(row.cells())
    with (labels / "slices.csv").open("w", newline="") as table:
        csv.writer(table).writerows([COLUMNS, *rows[:3]])
    return pictures, labels


def test_kept_pictures_come_with_their_masks_and_group(
    labelled: tuple[Path, Path], drawn_slice: Draw
) -> None:
    zero, one = read_pseudo_folder(*labelled, 512, "set")
    assert (zero.name, zero.patient) == ("set/case/0.png", "set/g0")
    assert np.array_equal(one.picture, drawn_slice(160))
    assert np.array_equal(one.masks[..., LUNG] > 0, drawn_slice() == 10)
    assert 0 < one.masks[..., LESION].sum() < one.masks[..., LUNG].sum()
    assert [s.known for s in (zero, one)] == [(True, False), (True, True)]
    assert (one.chest, one.wide) == (1, False)


def test_moved_and_renamed_pictures_keep_their_label(labelled: tuple[Path, Path]) -> None:
    pictures, labels = labelled
    (pictures / "case" / "1.png").rename(pictures / "other name.png")
    assert len(read_pseudo_folder(pictures, labels, 512, "set")) == 2


def test_large_pictures_are_kept_smaller_with_their_masks(labelled: tuple[Path, Path]) -> None:
    for one in read_pseudo_folder(*labelled, 48, "set"):
        assert one.picture.shape == one.masks.shape[:2] == (48, 48)
        assert set(np.unique(one.masks)) == {0, 1}


def test_a_mask_made_of_the_shrunk_picture_fits_again(
    labelled: tuple[Path, Path], drawn_slice: Draw
) -> None:
    pictures, labels = labelled
    large = cv2.resize(drawn_slice(), (1153, 700), interpolation=cv2.INTER_NEAREST)
    Image.fromarray(large).save(pictures / "large.png")
    sha256 = fingerprint((pictures / "large.png").read_bytes())
    lung = cv2.resize(large, (512, 311), interpolation=cv2.INTER_NEAREST) == 10
    mask_file(labels, sha256).write_bytes(encode_masks(lung, lung))
    with (labels / "slices.csv").open("a", newline="") as table:
        csv.writer(table).writerow(Row("large.png", sha256, True, "").cells())
    one = read_pseudo_folder(pictures, labels, 512, "set")[-1]
    assert one.picture.shape == one.masks.shape[:2] == (311, 512)
    assert np.corrcoef(one.picture.ravel() < 100, one.masks[..., LUNG].ravel())[0, 1] > 0.95


@pytest.mark.parametrize("name", ["1", "case/1.png"])
def test_struck_out_pictures_go_with_their_copies(labelled: tuple[Path, Path], name: str) -> None:
    pictures, labels = labelled
    shutil.copy(pictures / "case" / "1.png", pictures / "copy.png")
    names = [one.name for one in read_pseudo_folder(pictures, labels, 512, "set", [name])]
    assert names == ["set/case/0.png"]
    with pytest.raises(UsageError, match="'11', to be excluded, is no picture"):
        read_pseudo_folder(pictures, labels, 512, "set", [name, "11"])


def test_a_copy_is_taken_once(labelled: tuple[Path, Path]) -> None:
    pictures, labels = labelled
    shutil.copy(pictures / "case" / "1.png", pictures / "copy.png")
    assert len(read_pseudo_folder(pictures, labels, 512, "set")) == 2


def test_labels_of_other_pictures_are_refused(labelled: tuple[Path, Path]) -> None:
    pictures, labels = labelled
    for n in (0, 1):
        (pictures / "case" / f"{n}.png").unlink()
    with pytest.raises(UsageError, match="none of the 2 pictures in .* has a kept label by"):
        read_pseudo_folder(pictures, labels, 512, "set")
    (pictures / "case" / "2.png").unlink()
    with pytest.raises(UsageError, match="none of the 1 pictures in .* was labelled by"):
        read_pseudo_folder(pictures, labels, 512, "set")


def test_a_missing_mask_is_named(labelled: tuple[Path, Path]) -> None:
    pictures, labels = labelled
    shutil.rmtree(labels / "masks")
    with pytest.raises(UsageError, match="cannot read the mask .*masks"):
        read_pseudo_folder(pictures, labels, 512, "set")
