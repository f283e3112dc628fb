"""A DICOM Segmentation lies on the images that it was drawn on, and names nobody unasked."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io import Input, group_inputs
from lungseg.io.dicom.segmentation import Algorithm, encode_segmentation
from lungseg.io.dicom.sources import read_sources
from lungseg.io.identity import IdentityPolicy, pseudonym
from lungseg.io.read import read_part
from lungseg.io.reading import Reading

hd = pytest.importorskip("highdicom", reason="needs the extra [dicom-seg]")

Write = Callable[..., Path]
Chest = NDArray[np.int16]

DARK, DARKER = -600.0, -900.0  # HU, of what is taken for lung and for lesion here
NETWORK = Algorithm("net", "0.1", "abc")
FRAME = {"FrameOfReferenceUID": "1.2.4"}
SKEW = [0, 1, 0, -1, 0, 0]  # rows run to the back, columns to the patient's right


def one_input(folder: Path) -> Input:
    [one] = group_inputs(sorted(folder.iterdir()), folder).inputs
    return one


def below(one: Input, hu: float) -> list[NDArray[np.bool_]]:
    """Of each slice as it is read, in LPS, what is darker than ``hu``."""
    pixels = [s.pixels for part in one.parts for s in read_part(part, Reading(None, (-500, 1000)))]
    return [picture < (hu + 1000) / 1000 for picture in pixels]


def segmented(one: Input, policy: IdentityPolicy | None = None) -> Any:
    """The object of both segments, read again."""
    lung, lesion = below(one, DARK), below(one, DARKER)
    sources = read_sources(one, range(len(lung)), policy)
    keep = policy is not None and policy.keep
    return hd.seg.segread(BytesIO(encode_segmentation(sources, lung, lesion, NETWORK, keep)))


@pytest.fixture
def series(tmp_path: Path, dicom: Write, chest: Chest) -> Input:
    """Five slices, their files in another order, turned away from LPS, with ids."""
    folder = tmp_path / "CT"
    for index, hu in enumerate(chest):
        name = f"{(3 * index) % 5}.dcm"
        dicom(folder / name, hu, -2.5 * index, ImageOrientationPatient=SKEW, **FRAME)
    return one_input(folder)


def test_each_segment_lies_on_the_pixels_that_it_was_drawn_on(series: Input) -> None:
    from pydicom import dcmread

    found = segmented(series)
    files = [dcmread(part.file) for part in series.parts]
    hu = np.stack([file.pixel_array - 1024.0 for file in files])
    uids = [file.SOPInstanceUID for file in files]
    frames = found.get_pixels_by_source_instance(uids)
    assert (frames[..., 0] == (hu < DARK)).all() and frames[..., 0].any()
    assert (frames[..., 1] == (hu < DARKER)).all() and frames[..., 1].any()
    for frame in found.PerFrameFunctionalGroupsSequence:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        file = files[uids.index(source.ReferencedSOPInstanceUID)]
        place = frame.PlanePositionSequence[0].ImagePositionPatient
        assert list(place) == list(file.ImagePositionPatient)
    shared = found.SharedFunctionalGroupsSequence[0]
    assert list(shared.PlaneOrientationSequence[0].ImageOrientationPatient) == SKEW
    assert list(shared.PixelMeasuresSequence[0].PixelSpacing) == [0.5, 0.75]
    [referenced] = found.ReferencedSeriesSequence
    assert referenced.SeriesInstanceUID == files[0].SeriesInstanceUID
    assert found.StudyInstanceUID == "1.2.3"
    assert found.FrameOfReferenceUID == "1.2.4"
    assert [found.get_segment_description(n).SegmentLabel for n in (1, 2)] == [
        "Lung",
        "Lesion in the lung",
    ]


def test_a_slice_that_could_not_be_read_is_not_referred_to(series: Input) -> None:
    sources = read_sources(series, [0, 1, 4])
    masks = [mask for index, mask in enumerate(below(series, DARK)) if index in (0, 1, 4)]
    found = hd.seg.segread(BytesIO(encode_segmentation(sources, masks, None, NETWORK)))
    assert found.number_of_segments == 1
    assert len(found.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 3


def test_frames_of_one_file_are_referred_to_by_number(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    from pydicom import Dataset, dcmread

    shared, frames = Dataset(), []
    shared.PixelMeasuresSequence = [Dataset()]
    shared.PixelMeasuresSequence[0].PixelSpacing = [0.5, 0.75]
    shared.PlaneOrientationSequence = [Dataset()]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, -1, 0]
    for height in (30.0, 10.0, 0.0, 20.0, 50.0):
        own = Dataset()
        own.PlanePositionSequence = [Dataset()]
        own.PlanePositionSequence[0].ImagePositionPatient = [-100, 80, height]
        frames.append(own)
    tags = {
        **dict.fromkeys(("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")),
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1",
        "NumberOfFrames": 5,
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": frames,
    }
    path = dicom(tmp_path / "x" / "y.dcm", chest, **tags, **FRAME)
    found = segmented(one_input(path.parent))
    lung = found.get_pixels_by_source_frame(dcmread(path).SOPInstanceUID, [1, 2, 3, 4, 5])[..., 0]
    assert (lung == (chest < DARK)).all() and lung.any()


def test_who_the_patient_is_stays_in_the_source_unless_asked_for(series: Input) -> None:
    found = segmented(series)
    assert (found.PatientID, found.PatientName, found.PatientBirthDate) == ("", "", "")
    assert found.PatientIdentityRemoved == "YES"
    for known in ("Muster", "MRN-4711", "19700101"):
        assert known not in str(found)
    hashed = segmented(series, IdentityPolicy(key="key"))
    assert hashed.PatientID == pseudonym("MRN-4711", "key")
    assert (hashed.PatientName, hashed.PatientIdentityRemoved) == ("", "YES")
    kept = segmented(series, IdentityPolicy(keep=True))
    assert (kept.PatientID, kept.PatientName) == ("MRN-4711", "Muster^Erika")
    assert "PatientIdentityRemoved" not in kept


def test_a_name_in_any_letters_is_kept(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    tags = {
        "SpecificCharacterSet": "ISO_IR 144",
        "PatientName": "Люкceмбypг^Анна",
        "SliceThickness": 2,
        **FRAME,
    }
    path = dicom(tmp_path / "x" / "y.dcm", chest[2], **tags)
    kept = segmented(one_input(path.parent), IdentityPolicy(keep=True))
    assert str(kept.PatientName) == "Люкceмбypг^Анна"


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({}, "its header has no FrameOfReferenceUID"),
        ({"StudyInstanceUID": "", **FRAME}, "its header has no StudyInstanceUID"),
        ({"ImagePositionPatient": None, **FRAME}, "no position, orientation or pixel spacing"),
        (FRAME, "its header has no SliceThickness"),
    ],
)
def test_a_header_that_cannot_be_referred_to_is_refused(
    tmp_path: Path, dicom: Write, chest: Chest, tags: dict[str, Any], reason: str
) -> None:
    path = dicom(tmp_path / "x" / "y.dcm", chest[0], **tags)
    with pytest.raises(UnreadableError, match=reason):
        read_sources(one_input(path.parent), [0])


def test_a_mask_of_another_shape_is_refused(series: Input) -> None:
    with pytest.raises(ValueError, match="for a slice of"):
        encode_segmentation(read_sources(series, [0]), [np.ones((3, 3), bool)], None, NETWORK)


def test_slices_in_one_place_are_refused(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    for name in ("a", "b"):
        dicom(tmp_path / "x" / f"{name}.dcm", chest[0], SliceThickness=1, **FRAME)
    with pytest.raises(ValueError, match="duplicates"):
        segmented(one_input(tmp_path / "x"))
