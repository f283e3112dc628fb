"""From files to inputs: what is one series, how it is called, what is wrong with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.errors import UsageError
from lungseg.io import Grouped, Reading, find_inputs, group_inputs, read_part, window_hu
from lungseg.io.grouping import check_slices
from lungseg.slice import Slice

Write = Callable[..., Path]
Chest = NDArray[np.int16]


@pytest.fixture
def series(tmp_path: Path, dicom: Write, chest: Chest) -> Path:
    """A folder with five slices 5 mm apart, whose names and numbers say another order."""
    for index, (name, number) in enumerate(zip("bdace", (3, 1, 2, 5, 4), strict=True)):
        dicom(tmp_path / "case" / "CT" / f"{name}.dcm", chest[index], 5.0 * index, number)
    return tmp_path


def grouped(root: Path) -> Grouped:
    return group_inputs(find_inputs(root).files, root)


def slices_of(found: Grouped, index: int = 0) -> list[Slice]:
    parts = found.inputs[index].parts
    return [slice_ for part in parts for slice_ in read_part(part, Reading())]


def notes_of(found: Grouped, index: int = 0) -> list[str]:
    return [" ".join(part.notes) for part in found.inputs[index].parts]


def test_a_series_is_one_input_from_the_lowest_slice_up(series: Path, chest: Chest) -> None:
    found = grouped(series)
    [one] = found.inputs
    assert (one.name, one.format) == ("case/CT", "DICOM")
    assert [part.name for part in one.parts] == [f"case/CT/{name}.dcm" for name in "bdace"]
    for seen, hu in zip(slices_of(found), chest, strict=True):
        assert np.allclose(seen.pixels, window_hu(hu))
        assert (seen.messages, seen.step) == ((), 5)


def test_a_missing_slice_is_told_at_the_one_below(series: Path) -> None:
    (series / "case" / "CT" / "a.dcm").unlink()
    notes = notes_of(grouped(series))
    assert [bool(note) for note in notes] == [False, True, False, False]
    assert "slices are missing: the next one lies 10 mm above, usual are 5 mm" in notes[1]


def test_two_slices_in_one_place_are_both_kept_and_told(series: Path) -> None:
    folder = series / "case" / "CT"
    shutil.copy(folder / "a.dcm", folder / "copy.dcm")
    notes = notes_of(grouped(series))
    assert len(notes) == 6
    assert notes[2] == "lies in the same place as case/CT/copy.dcm"
    assert notes[3] == "lies in the same place as case/CT/a.dcm"
    assert not any(notes[:2] + notes[4:])


def test_slices_in_one_place_share_the_volume_between_two(series: Path) -> None:
    before = sum(slice_.voxel_ml or 0 for slice_ in slices_of(grouped(series)))
    folder = series / "case" / "CT"
    for copy in ("copy.dcm", "again.dcm"):
        shutil.copy(folder / "a.dcm", folder / copy)
    after = [slice_.voxel_ml or 0 for slice_ in slices_of(grouped(series))]
    assert len(after) == 7
    assert sum(after) == pytest.approx(before)
    assert after[2] == after[3] == after[4] == pytest.approx(after[0] / 3)


def test_distances_are_measured_and_compared_with_the_header(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    for index, z in enumerate((0.0, 4.0, 9.0, 13.0, 18.0)):
        dicom(tmp_path / f"{index}.dcm", chest[index], z, SpacingBetweenSlices=2)
    for note in notes_of(grouped(tmp_path)):
        assert "slices lie 4 to 5 mm apart" in note
        assert "4.5 mm apart, though the header says 2 mm" in note


def test_a_shift_in_the_plane_is_told_at_the_slice_before_it(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    for index, x in enumerate((0, 0, 0, 12, 12)):
        dicom(tmp_path / f"{index}.dcm", chest[index], ImagePositionPatient=[x, 0, 5 * index])
    notes = notes_of(grouped(tmp_path))
    assert notes[2] == "the next slice lies 12 mm beside the line of the others"
    assert not any(notes[:2] + notes[3:])


def test_the_line_of_a_tilted_gantry_leans(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    """The table moves along the body, and not along the normal of the slices."""
    leaning = [1.0, 0.0, 0.0, 0.0, round(float(np.cos(0.3)), 6), round(float(np.sin(0.3)), 6)]
    for index, z in enumerate((0.0, 5.0, 10.0, 20.0, 25.0)):
        place = {"ImagePositionPatient": [0, 0, z], "ImageOrientationPatient": leaning}
        dicom(tmp_path / f"{index}.dcm", chest[index], **place)
    notes = notes_of(grouped(tmp_path))
    assert not any("beside" in note for note in notes)
    assert "slices are missing" in notes[2]


def test_what_is_of_another_kind_in_a_series_is_an_input_of_its_own(
    series: Path, dicom: Write, chest: Chest
) -> None:
    folder = series / "case" / "CT"
    scout = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    dicom(folder / "scout.dcm", chest[0], ImageType=scout)
    dicom(folder / "small.dcm", chest[0, :40], 50)
    dicom(folder / "coronal.dcm", chest[0], ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    dicom(folder / "nowhere.dcm", chest[0], ImagePositionPatient=None)
    found = grouped(series)
    names = [one.name for one in found.inputs]
    assert sorted(names) == [
        "case/CT",
        *(f"case/CT/{name}.dcm" for name in ("coronal", "nowhere", "scout", "small")),
    ]
    series_at = names.index("case/CT")
    assert len(found.inputs[series_at].parts) == 5
    for note in notes_of(found, series_at):
        assert "a mixed series" in note and "1 with case/CT/coronal.dcm" in note
    [refused] = slices_of(found, names.index("case/CT/coronal.dcm"))
    assert "coronal" in refused.refusal


def test_an_orientation_that_is_rounded_otherwise_is_the_same(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    for index, hu in enumerate(chest):  # one of two decimals would be 0.98 and 0.99
        cosine = (0.98499, 0.98501)[index % 2]
        tilted = [1, 0, 0, 0, cosine, -0.1726]
        dicom(tmp_path / f"{index}.dcm", hu, 5.0 * index, ImageOrientationPatient=tilted)
    [one] = grouped(tmp_path).inputs
    assert len(one.parts) == 5
    assert [part.notes for part in one.parts] == [()] * 5


def test_two_series_of_one_folder_have_the_names_of_their_first_files(
    series: Path, dicom: Write, chest: Chest
) -> None:
    for index in range(3):
        path = series / "case" / "CT" / f"x{index}.dcm"
        dicom(path, chest[index], 5.0 * index, SeriesInstanceUID="1.2.9")
    assert [one.name for one in grouped(series).inputs] == ["case/CT/a.dcm", "case/CT/x0.dcm"]


@pytest.mark.parametrize("tag", ["PatientID", "StudyInstanceUID"])
def test_patients_and_studies_with_one_series_uid_are_inputs_of_their_own(
    series: Path, dicom: Write, chest: Chest, tag: str
) -> None:
    for index in range(3):
        path = series / "other" / f"{index}.dcm"
        dicom(path, chest[index], 5.0 * index + 2.5, **{tag: "1.2.4"})
    found = grouped(series)
    assert [(one.name, len(one.parts)) for one in found.inputs] == [("case/CT", 5), ("other", 3)]
    for note in notes_of(found):
        assert note.startswith("files of other patients or studies have the same SeriesInstanceUID")
        assert "3 with other/0.dcm" in note
        assert "4711" not in note


def test_a_study_for_each_file_is_none(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    for index in range(3):
        study = f"1.2.{index}"
        dicom(tmp_path / f"{index}.dcm", chest[index], 5.0 * index, StudyInstanceUID=study)
    [one] = grouped(tmp_path).inputs
    assert [part.notes for part in one.parts] == [()] * 3


def test_a_series_in_several_folders_is_one(series: Path) -> None:
    (series / "case" / "more").mkdir()
    (series / "case" / "CT" / "a.dcm").rename(series / "case" / "more" / "a.dcm")
    [one] = grouped(series).inputs
    assert (one.name, len(one.parts)) == ("case", 5)


def test_the_folder_itself_may_be_the_series(series: Path) -> None:
    folder = series / "case" / "CT"
    assert [one.name for one in grouped(folder).inputs] == ["CT"]
    assert [one.name for one in group_inputs([folder / "a.dcm"], folder / "a.dcm").inputs] == [
        "a.dcm"
    ]


def test_a_series_is_not_called_as_another_input_is(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    folder = tmp_path / "study"
    for number, hu in enumerate(chest[:2]):
        dicom(folder / f"{number}.dcm", hu, 2.0 * number)
    dicom(folder / "study", chest[2], SeriesInstanceUID="1.2.3.4")
    assert [one.name for one in grouped(folder).inputs] == ["0.dcm", "study"]


def test_files_without_a_series_belong_to_those_of_their_folder(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    for index in range(4):
        dicom(
            tmp_path / "ab"[index % 2] / f"{index}", chest[index], 5.0 * index, SeriesInstanceUID=""
        )
    found = grouped(tmp_path)
    assert [(one.name, len(one.parts)) for one in found.inputs] == [("a", 2), ("b", 2)]
    assert "names no series" in notes_of(found)[0]


def test_without_positions_the_numbers_are_the_order(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    for name, number in (("a", 10), ("b", 9), ("c", None)):
        dicom(tmp_path / name, chest[0], 0, number, ImagePositionPatient=None)
    [one] = grouped(tmp_path).inputs
    assert [part.name for part in one.parts] == ["b", "a", "c"]
    assert all("no position" in note for note in notes_of(grouped(tmp_path)))


def test_a_damaged_file_is_an_input_and_leaves_a_gap(series: Path) -> None:
    path = series / "case" / "CT" / "a.dcm"
    path.write_bytes(path.read_bytes()[:300])
    found = grouped(series)
    assert [one.name for one in found.inputs] == ["case/CT/a.dcm", "case/CT"]
    assert "slices are missing" in notes_of(found, 1)[1]


def test_pictures_and_tables_of_contents(series: Path, dicom: Write, chest: Chest) -> None:
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(series / "case" / "z.png")
    tags = {"Rows": None, "PixelData": None, "SOPClassUID": "1.2.840.10008.1.3.10"}
    dicom(series / "DICOMDIR", chest[0], **tags)
    found = grouped(series)
    assert [(one.name, one.format) for one in found.inputs] == [
        ("case/CT", "DICOM"),
        ("case/z.png", "PNG"),
    ]
    assert found.ignored == 1


def test_a_table_of_contents_alone_is_wrong_use(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    tags = {"Rows": None, "PixelData": None, "SOPClassUID": "1.2.840.10008.1.3.10"}
    file = dicom(tmp_path / "cd" / "DICOMDIR", chest[0], **tags)
    with pytest.raises(UsageError, match="is a table of contents .* pass the folder that it lies"):
        check_slices(grouped(file), file)
    with pytest.raises(UsageError, match="cd has no slice: its files are tables of contents"):
        check_slices(grouped(file.parent), file.parent)


def test_an_archive_is_read_as_a_folder(series: Path, chest: Chest) -> None:
    folder = series / "case"
    Image.fromarray(np.full((9, 9), 99, np.uint8)).save(folder / "z.png")
    (folder / "notes.txt").write_text("not a slice")
    with ZipFile(series / "export.zip", "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(series))
    shutil.rmtree(folder)
    with ZipFile(series / "outer.zip", "w") as archive:
        archive.write(series / "export.zip", "inner.zip")
    found = grouped(series)
    assert [(one.name, len(one.parts)) for one in found.inputs] == [
        ("export.zip/case/CT", 5),
        ("export.zip/case/z.png", 1),
        ("outer.zip/inner.zip/case/CT", 5),
        ("outer.zip/inner.zip/case/z.png", 1),
    ]
    assert found.ignored == 2
    for index in (0, 2):
        for seen, hu in zip(slices_of(found, index), chest, strict=True):
            assert np.allclose(seen.pixels, window_hu(hu))


def test_real_series_are_what_another_library_reads(shared_data: Path) -> None:
    import SimpleITK

    folder = shared_data / "dicom" / "series-64px"
    files = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    hu = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(files))
    found = grouped(folder)
    assert [str(part.file) for part in found.inputs[0].parts] == list(files)
    for seen, expected in zip(slices_of(found), hu, strict=True):
        assert np.allclose(seen.pixels, window_hu(expected))


def test_real_folders_become_their_series(shared_data: Path) -> None:
    found = grouped(shared_data / "dicom")
    assert [(one.name, len(one.parts)) for one in found.inputs][:3] == [
        ("no-modality-tag", 2),
        ("series-64px", 79),
        ("series-jpeg2000-abdomen", 20),
    ]
    assert len(found.inputs) == 7
