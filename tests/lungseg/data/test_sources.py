"""Folders of slices and masks."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.data.sources import (
    LESION,
    LUNG,
    WIDE_WINDOW,
    MaskedSlice,
    read_foreign_folder,
    read_hu_folder,
    read_mask_folder,
    reformats,
    resized_masks,
)
from lungseg.errors import UsageError
from lungseg.metrics import dice
from lungseg.phantom import make_phantom


@pytest.fixture
def masks(phantom_data: Path, tmp_path: Path) -> Path:
    """A copy of the phantoms that a test may spoil."""
    return Path(shutil.copytree(phantom_data / "phantoms", tmp_path / "phantoms"))


def test_pictures_masks_and_patients_are_paired_by_stem(masks: Path) -> None:
    slices = read_mask_folder(masks, 512, "set")
    assert len(slices) == 24
    assert sorted({one.patient for one in slices}) == [f"set/p{n}" for n in range(4)]
    for one in slices:
        stem = one.name.removeprefix("set/")
        lung = np.asarray(Image.open(masks / "lung_masks" / f"{stem}.png"))
        lesion = np.asarray(Image.open(masks / "infection_masks" / f"{stem}.png"))
        assert np.array_equal(one.masks[..., LUNG] > 0, lung)
        assert np.array_equal(one.masks[..., LESION] > 0, lesion)
        assert (one.known, one.chest, one.wide) == ((True, True), 1, False)
    assert any(one.masks[..., LESION].any() for one in slices)


def test_large_pictures_are_kept_smaller_with_their_masks(masks: Path) -> None:
    for one in read_mask_folder(masks, 32, "set"):
        assert one.picture.shape == one.masks.shape[:2] == (32, 32)
        assert set(np.unique(one.masks)) <= {0, 1}


def test_missing_masks_are_counted_and_named(masks: Path) -> None:
    (masks / "lung_masks" / "11.png").unlink()
    (masks / "lung_masks" / "30.png").unlink()
    with pytest.raises(UsageError, match=r"2 slices in .* have no lung mask \(first: 11\)"):
        read_mask_folder(masks, 512, "set")


def test_a_mask_of_another_size_is_named(masks: Path) -> None:
    Image.new("1", (60, 64)).save(masks / "lung_masks" / "11.png")
    with pytest.raises(UsageError, match=r"masks of slice 11 in .*lung \(64, 60\)"):
        read_mask_folder(masks, 512, "set")


@pytest.mark.parametrize("folder", ["images", "lung_masks", "infection_masks"])
def test_an_unreadable_file_is_named(masks: Path, folder: str) -> None:
    (masks / folder / "11.png").write_bytes(b"cut off")
    with pytest.raises(UsageError, match=rf"{folder}/11\.png"):
        read_mask_folder(masks, 512, "set")


def test_missing_and_empty_folders_are_named(masks: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder .*nowhere/images"):
        read_mask_folder(tmp_path / "nowhere", 512, "set")
    shutil.rmtree(masks / "images")
    (masks / "images").mkdir()
    with pytest.raises(UsageError, match="no picture in .*images"):
        read_mask_folder(masks, 512, "set")


def test_a_16_bit_picture_is_stretched_from_its_own_range(masks: Path) -> None:
    first = min((masks / "images").iterdir())
    values = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)  # 12 bits, as scanners store
    height, width = cv2.imread(str(first), cv2.IMREAD_GRAYSCALE).shape
    cv2.imwrite(str(first), cv2.resize(values, (width, height)))
    picture = read_mask_folder(masks, 512, "m")[0].picture
    assert (picture.dtype, picture.min(), picture.max()) == (np.uint8, 0, 255)


def test_slices_without_infection_mask_have_unknown_lesions(masks: Path) -> None:
    (masks / "infection_masks" / "11.png").unlink()
    known = {one.name: one.known for one in read_mask_folder(masks, 512, "set")}
    assert known["set/11"] == (True, False)
    assert known["set/12"] == (True, True)
    shutil.rmtree(masks / "infection_masks")
    assert {one.known for one in read_mask_folder(masks, 512, "set")} == {(True, False)}


def test_effusion_is_no_lesion(masks: Path) -> None:
    classes = np.zeros((64, 64), np.uint8)
    classes[10], classes[20], classes[30] = 1, 2, 3
    Image.fromarray(classes).save(masks / "infection_masks" / "11.png")
    (one,) = (s for s in read_mask_folder(masks, 512, "set") if s.name == "set/11")
    assert one.masks[[10, 20, 30], 0, LESION].tolist() == [1, 1, 0]


def test_without_a_table_ten_neighbours_are_one_patient(masks: Path) -> None:
    (masks / "slices.csv").unlink()
    patients = [one.patient for one in read_mask_folder(masks, 512, "set")]
    assert patients == ["set/block-000"] * 10 + ["set/block-001"] * 10 + ["set/block-002"] * 4


def test_a_table_of_a_spreadsheet_is_read_and_one_without_its_column_refused(masks: Path) -> None:
    table = masks / "slices.csv"
    known = [one.patient for one in read_mask_folder(masks, 512, "set")]
    table.write_text(table.read_text(), encoding="utf-8-sig")
    assert [one.patient for one in read_mask_folder(masks, 512, "set")] == known
    table.write_text("file,patient\n00,a\n")
    with pytest.raises(UsageError, match="no column slice.*it has file, patient"):
        read_mask_folder(masks, 512, "set")


def write_hu(path: Path, hu: NDArray[np.float32]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), (hu + 1024).clip(0, 65535).astype(np.uint16))


def test_hu_pictures_get_masks_by_threshold_and_stay_wide(tmp_path: Path) -> None:
    for stem, z in (("000", 0.4), ("001", 0.5)):
        write_hu(tmp_path / "images" / f"{stem}.png", make_phantom(z, size=128, seed=1).hu)
    (tmp_path / "slices.csv").write_text("slice,patient,has_lung\n000,a,1\n001,a,0\n")
    whole, without = read_hu_folder(tmp_path, 512, "hu", 1024.0)
    truth = make_phantom(0.4, size=128, seed=1)
    assert dice(whole.masks[..., LUNG] > 0, truth.lung) > 0.9
    assert (whole.wide, whole.known, whole.chest) == (True, (True, False), 1)
    low, high = WIDE_WINDOW
    hu = whole.picture.astype(float) / 255 * (high - low) + low
    assert np.abs(hu - truth.hu.clip(low, high)).max() < 5  # 8 bits
    assert not without.masks.any()  # the table says that there is no lung
    assert without.known == (True, True)
    assert whole.patient == without.patient == "hu/a"


def test_hu_pictures_of_8_bits_are_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("L", (32, 32)).save(tmp_path / "images" / "000.png")
    with pytest.raises(UsageError, match=r"000\.png is no 16-bit picture"):
        read_hu_folder(tmp_path, 512, "hu", 1024.0)


def test_foreign_pictures_have_no_lung_and_are_no_chest(tmp_path: Path) -> None:
    for place in ("photo/a.JPG", "abdomen/b.png", "photo/deep/c.png"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (9, 99, 200)).save(tmp_path / place)
    (tmp_path / "photo" / "notes.txt").write_text("no picture")
    slices = read_foreign_folder(tmp_path, 512, "f", body=["abdomen"])
    assert {one.name: one.chest for one in slices} == {
        "f/abdomen/b.png": None,
        "f/photo/a.JPG": 0,
        "f/photo/deep/c.png": 0,
    }
    for one in slices:
        assert one.picture.shape == (30, 40)
        assert one.masks.shape == (30, 40, 2)
        assert not one.masks.any()
        assert one.known == (True, True)
    assert len({one.patient for one in slices}) == 3
    with pytest.raises(UsageError, match="no picture in"):
        read_foreign_folder(tmp_path / "photo" / "none", 512, "f")


def test_reformats_are_no_axial_slices_and_stay_with_their_patient() -> None:
    rng = np.random.default_rng(0)
    slices = [
        MaskedSlice(
            f"s/{volume}{n}",
            "patient",
            rng.integers(0, 256, (256, 256)).astype(np.uint8),
            np.ones((256, 256, 2), np.uint8),
            (True, True),
            1,
            volume=volume,
        )
        for volume, count in (("long", 24), ("second", 21), ("short", 5))
        for n in range(count)
    ]
    made = reformats(slices, every=60)
    assert {one.patient for one in made} == {"patient"}
    assert len(made) == 2 * (2 + 3 + 3), "two scans of a patient are two chests"
    for one in made:
        assert one.picture.shape == (256, 256)
        assert (one.chest, one.masks.any(), one.known) == (0, False, (True, True))


def test_masks_do_not_shift_when_they_shrink() -> None:
    disc = np.hypot(*(np.mgrid[:384, :384] - 191.5)) < 100
    small = resized_masks(disc.astype(np.uint8), (256, 256))
    rows, columns = np.nonzero(small)
    assert rows.mean() == pytest.approx(127.5, abs=0.02)
    assert columns.mean() == pytest.approx(127.5, abs=0.02)


def test_a_correction_of_no_slice_is_refused(tmp_path: Path) -> None:
    write_hu(tmp_path / "images" / "000.png", np.zeros((32, 32), np.float32))
    with pytest.raises(UsageError, match="no slice 001, 002 to correct or to mark"):
        read_hu_folder(tmp_path, 512, "hu", 1024.0, {"001": []}, lesions_in=["002"])
