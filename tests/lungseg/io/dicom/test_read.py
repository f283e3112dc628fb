"""One DICOM file: HU by its header, turned to LPS, refused by name, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io import WINDOWS, read_slices, window_hu
from lungseg.slice import Slice

Write = Callable[..., Path]
Chest = NDArray[np.int16]


def read(path: Path, **how: Any) -> Slice:
    [slice_] = read_slices(path, **how)
    return slice_


def test_hu_are_seen_through_the_window(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    path = dicom(tmp_path / "x.dcm", chest[2])
    slice_ = read(path)
    assert np.allclose(slice_.pixels, window_hu(chest[2]))
    assert (slice_.scale, slice_.orientation, slice_.spacing) == ("hu", "LPS", (0.5, 0.75))
    assert (slice_.messages, slice_.refusal) == ((), "")
    bone = read(path, window=WINDOWS["bone"])
    assert np.allclose(bone.pixels, window_hu(chest[2], (400, 1800)))


def test_a_slope_is_applied_to_the_stored_values(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    stored = {"PixelData": (chest[2] // 2 + 600).astype("<u2").tobytes()}
    path = dicom(tmp_path / "x.dcm", chest[2], RescaleSlope=2, RescaleIntercept=-1200, **stored)
    assert np.allclose(read(path).pixels, window_hu(chest[2] // 2 * 2))


@pytest.mark.parametrize(
    ("turned", "orientation"),
    [
        (lambda seen: seen, [1, 0, 0, 0, 1, 0]),
        (lambda seen: seen[::-1, ::-1], [-1, 0, 0, 0, -1, 0]),  # prone
        (lambda seen: seen[::-1], [1, 0, 0, 0, -1, 0]),  # mirrored, as from the head
        (lambda seen: seen.T, [0, 1, 0, 1, 0, 0]),
        (lambda seen: seen.T[::-1], [0, 1, 0, -1, 0, 0]),
    ],
)
def test_every_axial_orientation_is_turned_to_lps(
    tmp_path: Path, dicom: Write, chest: Chest, turned: Any, orientation: list[float]
) -> None:
    seen = np.ascontiguousarray(turned(chest[2]))
    transposed = orientation[0] == 0
    spacing = [0.75, 0.5] if transposed else [0.5, 0.75]
    path = dicom(
        tmp_path / "x.dcm", seen, ImageOrientationPatient=orientation, PixelSpacing=spacing
    )
    slice_ = read(path)
    assert np.allclose(slice_.pixels, window_hu(chest[2]))
    assert slice_.spacing == (0.5, 0.75)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Modality": "MR"}, "its modality is MR, expected CT"),
        ({"Modality": "Muster, Erika"}, "its modality is no code of the standard, expected CT"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "image type is LOCALIZER"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "a coronal slice"),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "a sagittal slice"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour picture .PALETTE COLOR."),
        ({"Rows": None, "PixelData": None}, "without a picture .CT Image Storage."),
    ],
)
def test_what_is_no_axial_ct_slice_is_refused_by_name(
    tmp_path: Path, dicom: Write, chest: Chest, tags: dict[str, Any], reason: str
) -> None:
    slice_ = read(dicom(tmp_path / "x.dcm", chest[2], **tags))
    assert re.search(reason, slice_.refusal)
    assert not slice_.pixels.any()


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"Modality": None, "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "no modality"),
        ({"ImageOrientationPatient": None}, "no orientation"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "no orientation"),
        ({"PixelSpacing": None}, "no pixel spacing"),
        ({"PixelSpacing": [0, 0]}, "no pixel spacing"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0.9397, -0.342]}, "tilted by 20 degrees"),
        ({"ImageOrientationPatient": [0.9, 0.4359, 0, -0.4359, 0.9, 0]}, "in its plane by 26 deg"),
        ({"ImageOrientationPatient": [-0.342, 0.9397, 0, 0.9397, 0.342, 0]}, "plane by 20 degrees"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "image type is MIP: several slices"),
    ],
)
def test_what_had_to_be_assumed_is_told(
    tmp_path: Path, dicom: Write, chest: Chest, tags: dict[str, Any], message: str
) -> None:
    slice_ = read(dicom(tmp_path / "x.dcm", chest[2], **tags))
    assert [message in said for said in slice_.messages] == [True]
    assert slice_.scale == "hu" and not slice_.refusal


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"RescaleSlope": None, "RescaleIntercept": None}, "without air, cannot be HU"),
        ({"RescaleIntercept": -9000}, "without tissue, cannot be HU"),
        ({"RescaleSlope": 100}, "the slope is wrong"),
        ({"RescaleType": "MGML"}, "values in MGML are no HU"),
    ],
)
def test_values_that_cannot_be_hu_are_shown_by_their_range_and_told(
    tmp_path: Path, dicom: Write, chest: Chest, tags: dict[str, Any], message: str
) -> None:
    slice_ = read(dicom(tmp_path / "x.dcm", chest[2], **tags))
    assert slice_.scale == "display"
    [said] = slice_.messages
    assert message in said and "taken as displayed" in said
    assert slice_.pixels.max() == 1


def test_the_offset_of_the_user_makes_hu_where_the_header_says_nothing(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    path = dicom(tmp_path / "x.dcm", chest[2], RescaleSlope=None, RescaleIntercept=None)
    slice_ = read(path, hu_offset=1024)
    assert slice_.scale == "hu"
    assert np.allclose(slice_.pixels, window_hu(chest[2]))


def test_the_offset_of_the_user_goes_before_a_header_that_cannot_be_right(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    path = dicom(tmp_path / "x.dcm", chest[2], RescaleIntercept=0)
    slice_ = read(path, hu_offset=1024)
    assert np.allclose(slice_.pixels, window_hu(chest[2]))
    assert slice_.messages == (
        "not the HU that its header says: taken for HU + 1024, the offset given",
    )
    slice_ = read(path, hu_offset=9000)
    assert slice_.scale == "display"
    assert "cannot be HU, and the HU offset 9000 does not fit: taken as" in slice_.messages[0]


def test_the_offset_of_the_user_does_not_count_where_the_header_has_one(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    hu = np.clip(chest[2], -100, 1500)  # within the body, and lungs of -1124 with the offset
    hu[20:24] = 1500
    assert np.allclose(read(dicom(tmp_path / "x.dcm", hu), hu_offset=1024).pixels, window_hu(hu))


@pytest.mark.parametrize("intercept", [0, -1024])
def test_values_without_their_sign_are_refused(
    tmp_path: Path, dicom: Write, chest: Chest, intercept: int
) -> None:
    signed = {"PixelData": chest[2].astype("<i2").tobytes(), "RescaleIntercept": intercept}
    with pytest.raises(UnreadableError, match="below 0 without their sign; its PixelRepres"):
        read(dicom(tmp_path / "x.dcm", chest[2], **signed))


def test_padding_without_its_sign_is_padding(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    stored = chest[2].astype("<i2") + np.int16(1024)
    stored[:5] = -2000
    path = dicom(tmp_path / "x.dcm", chest[2], PixelData=stored.tobytes())
    with pytest.raises(UnreadableError, match="without their sign"):
        read(path)
    add_padding(path, -2000)
    assert read(path).scale == "hu"


def test_padding_that_no_header_names_is_air(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    stored = chest[2].astype("<i2")
    stored[:5] = np.iinfo(np.int16).min
    signed = {"PixelRepresentation": 1, "RescaleIntercept": 0}
    slice_ = read(dicom(tmp_path / "x.dcm", chest[2], PixelData=stored.tobytes(), **signed))
    assert slice_.scale == "hu"
    assert "the value -32768 is too small for HU" in slice_.messages[0]
    assert np.allclose(slice_.pixels[5:], window_hu(chest[2][5:]))
    assert np.allclose(slice_.pixels[:5], window_hu(-1000.0))


def test_frames_that_are_all_no_slice_are_one(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    cine = {"Modality": "US", "NumberOfFrames": 5}
    [slice_] = read_slices(dicom(tmp_path / "x.dcm", chest, **cine))
    assert slice_.refusal == "its modality is US, expected CT (5 frames)"


def test_the_unit_is_known_in_small_letters(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    slice_ = read(dicom(tmp_path / "x.dcm", chest[2], RescaleType="hu"))
    assert (slice_.scale, slice_.messages) == ("hu", ())


@pytest.mark.parametrize("shift", [4, 0])
def test_values_in_the_upper_bits_are_brought_down(
    tmp_path: Path, dicom: Write, chest: Chest, shift: int
) -> None:
    stored = (chest[2] + 1024).astype("<u2") << shift
    tags = {"BitsStored": 12, "HighBit": 15, "PixelData": stored.tobytes()}
    slice_ = read(dicom(tmp_path / "x.dcm", chest[2], **tags))
    assert np.allclose(slice_.pixels, window_hu(chest[2]))


def test_a_view_within_the_body_stays_hu_and_is_told(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    inside = np.clip(chest[2], -100, 300)
    slice_ = read(dicom(tmp_path / "x.dcm", inside))
    assert slice_.scale == "hu"
    assert np.allclose(slice_.pixels, window_hu(inside))
    assert slice_.messages == ("values from -100 to 300: HU by its header, but without air",)


def test_an_offset_that_was_taken_off_twice_is_told(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    hu = chest[2].astype("<i2")
    hu[20:24] = 2500  # metal, so that something is brighter than air whatever the offset
    stored = {"PixelData": hu.tobytes(), "PixelRepresentation": 1}
    slice_ = read(dicom(tmp_path / "x.dcm", hu, **stored))
    [said] = slice_.messages
    assert "darker than air: the HU offset is probably wrong" in said


def test_signed_values_without_rescale_are_hu_and_told(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    tags = {"RescaleSlope": None, "RescaleIntercept": None, "PixelRepresentation": 1}
    path = dicom(tmp_path / "x.dcm", chest[2], PixelData=chest[2].astype("<i2").tobytes(), **tags)
    slice_ = read(path)
    assert np.allclose(slice_.pixels, window_hu(chest[2]))
    assert "no slope and intercept" in slice_.messages[0]


def test_monochrome1_turns_what_is_displayed_but_not_hu(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    inverted = {"PhotometricInterpretation": "MONOCHROME1"}
    hu = read(dicom(tmp_path / "hu.dcm", chest[2], **inverted))
    assert np.allclose(hu.pixels, window_hu(chest[2]))
    bare = {"RescaleSlope": None, "RescaleIntercept": None}
    light = read(dicom(tmp_path / "a.dcm", chest[2], **bare))
    dark = read(dicom(tmp_path / "b.dcm", chest[2], **bare, **inverted))
    assert np.allclose(dark.pixels, 1 - light.pixels)


@pytest.mark.parametrize("padding", [63536, -2000])
def test_padding_outside_the_scan_is_air(
    tmp_path: Path, dicom: Write, chest: Chest, padding: int
) -> None:
    stored = chest[2].astype("<i2") + np.int16(1024)
    stored[:5] = -2000
    path = dicom(tmp_path / "x.dcm", chest[2], PixelRepresentation=1, PixelData=stored.tobytes())
    add_padding(path, padding)
    slice_ = read(path)
    expected = chest[2].copy()
    expected[:5] = -1000
    assert np.allclose(slice_.pixels, window_hu(expected))


def add_padding(path: Path, padding: int) -> None:
    from pydicom import dcmread

    dataset = dcmread(path)
    dataset.add_new("PixelPaddingValue", "US" if padding > 0 else "SS", padding)
    dataset.save_as(path)


def test_padding_after_the_pixels_is_no_frame(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    pixels = (chest[2] + 1024).astype("<u2").tobytes()
    path = dicom(tmp_path / "x.dcm", chest[2], PixelData=pixels + bytes(len(pixels) - 2))
    assert np.allclose(read(path).pixels, window_hu(chest[2]))


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"RescaleSlope": 0}, "RescaleSlope of 0"),
        ({"NumberOfFrames": 30_000}, "promises 30000 frames"),
        ({"Rows": 40_000, "Columns": 40_000}, "40,000 x 40,000 pixels"),
        ({"PixelData": b"\0\0"}, "cannot be decoded"),
        ({"Rows": 49}, "cannot be decoded"),
    ],
)
def test_a_header_that_cannot_be_is_refused_in_a_sentence(
    tmp_path: Path, dicom: Write, chest: Chest, tags: dict[str, Any], message: str
) -> None:
    path = dicom(tmp_path / "x.dcm", chest[2], **tags)
    with pytest.raises(UnreadableError, match=message) as error:
        read(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_slope_that_is_no_number_is_refused(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    path = dicom(tmp_path / "x.dcm", chest[2], RescaleSlope=12345)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"12345", b"abcde"))
    with pytest.raises(UnreadableError, match="RescaleSlope that is no number"):
        read(path)


def test_a_table_of_contents_is_no_picture(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    tags = {"Rows": None, "PixelData": None, "SOPClassUID": "1.2.840.10008.1.3.10"}
    with pytest.raises(UnreadableError, match="is a DICOMDIR"):
        read(dicom(tmp_path / "DICOMDIR", chest[2], **tags))


def test_a_file_without_preamble_is_known_by_its_elements(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    from pydicom import dcmread

    whole = dicom(tmp_path / "x.dcm", chest[2])
    dataset = dcmread(whole)
    del dataset.file_meta
    for name, implicit in (("implicit", True), ("explicit", False)):
        dataset.save_as(tmp_path / name, implicit_vr=implicit, little_endian=True, overwrite=True)
        slice_ = read(tmp_path / name)
        assert np.allclose(slice_.pixels, window_hu(chest[2]))
        assert "no transfer syntax" in slice_.messages[0]


def test_real_slices_are_what_another_library_reads(shared_data: Path) -> None:
    import SimpleITK

    for path in sorted((shared_data / "dicom" / "single-slices").iterdir()):
        hu = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))[0]
        slice_ = read(path)
        assert slice_.scale == "hu"
        # one of them has a slope of 1.0002441, and both libraries round
        assert np.abs(slice_.pixels - window_hu(hu)).max() < 0.002
