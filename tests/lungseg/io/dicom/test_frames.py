"""The frames of a DICOM file: their order, their count, and how they are packed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.errors import UnreadableError
from lungseg.io import group_inputs, read_slices, window_hu
from lungseg.io.dicom.sources import read_sources
from lungseg.io.grid import affine_of
from lungseg.slice import Slice

Write = Callable[..., Path]
Chest = NDArray[np.int16]


def read(path: Path) -> Slice:
    [slice_] = read_slices(path)
    return slice_


def enhanced(chest: Chest, heights: list[float]) -> dict[str, Any]:
    """The tags that make one file of several slices: per frame a position, the rest shared."""
    from pydicom.dataset import Dataset

    def group(**items: dict[str, Any]) -> Dataset:
        found = Dataset()
        for name, values in items.items():
            one = Dataset()
            for keyword, value in values.items():
                setattr(one, keyword, value)
            setattr(found, f"{name}Sequence", [one])
        return found

    shared = group(
        PlaneOrientation={"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
        PixelMeasures={"PixelSpacing": [0.5, 0.75]},
        PixelValueTransformation={
            "RescaleSlope": 1,
            "RescaleIntercept": -1024,
            "RescaleType": "HU",
        },
    )
    own = [group(PlanePosition={"ImagePositionPatient": [-100, -80, z]}) for z in heights]
    bare = ("ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing", "RescaleSlope")
    return {
        **dict.fromkeys((*bare, "RescaleIntercept", "RescaleType")),
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1",
        "NumberOfFrames": len(heights),
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": own,
    }


def test_frames_are_sorted_by_their_own_positions(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    heights = [30.0, 10.0, 0.0, 20.0, 50.0]
    path = dicom(tmp_path / "x.dcm", chest, **enhanced(chest, heights))
    slices = list(read_slices(path))
    order = [2, 1, 3, 0, 4]
    for index, slice_ in enumerate(slices):
        assert np.allclose(slice_.pixels, window_hu(chest[order[index]]))
        assert (slice_.source.index, slice_.spacing) == (index, (0.5, 0.75))
    assert ["slices are missing" in " ".join(one.messages) for one in slices] == [
        *[False] * 3,
        True,
        False,
    ]


def test_frames_of_another_orientation_have_an_order_of_their_own(
    tmp_path: Path, dicom: Write, chest: Chest
) -> None:
    from pydicom.dataset import Dataset

    # a coronal frame first, whose position lies in the plane of the lowest axial one
    heights = [0.0, 20.0, 10.0, 0.0, 30.0]
    tags = {**enhanced(chest, heights), "FrameOfReferenceUID": "1.2.3"}
    across = Dataset()
    across.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    tags["PerFrameFunctionalGroupsSequence"][0].PlaneOrientationSequence = [across]
    path = dicom(tmp_path / "x.dcm", chest, **tags)
    coronal, *axial = read_slices(path)
    assert "a coronal slice" in coronal.refusal and not coronal.messages
    assert [slice_.source.index for slice_ in axial] == [1, 2, 3, 4]
    for index, slice_ in zip([3, 2, 1, 4], axial, strict=True):
        assert np.allclose(slice_.pixels, window_hu(chest[index]))
        assert (slice_.messages, slice_.sharing, slice_.step) == ((), 1, 10)
    [one] = group_inputs([path]).inputs
    assert affine_of(one) is None, "no grid holds two orientations"
    with pytest.raises(UnreadableError, match="several orientations"):
        read_sources(one, range(5))


def compress(path: Path, chest: Chest, table: bool = True, fragments: int = 1) -> None:
    """Pack the pixels of a file as JPEG 2000 by another library than the one that reads."""
    from pydicom import dcmread, encaps, uid

    frames = []
    for hu in chest:
        frame = io.BytesIO()
        Image.fromarray((hu + 1024).astype("<u2")).save(frame, "JPEG2000", no_jp2=True)
        frames.append(frame.getvalue())
    dataset = dcmread(path)
    dataset.PixelData = encaps.encapsulate(frames, fragments, has_bot=table)
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.JPEG2000Lossless
    dataset.save_as(path)


@pytest.mark.parametrize("packing", ["none", "RLE", "JPEG 2000", "JPEG 2000 without a table"])
def test_frames_that_the_header_does_not_count_are_told(
    tmp_path: Path, dicom: Write, chest: Chest, packing: str
) -> None:
    from pydicom import dcmread, uid

    path = dicom(tmp_path / "x.dcm", chest, **enhanced(chest, [0.0, 10.0, 20.0, 30.0, 40.0]))
    if "JPEG" in packing:
        compress(path, chest, table="without" not in packing)
    dataset = dcmread(path)
    if packing == "RLE":
        dataset.compress(uid.RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    assert [slice_.messages for slice_ in read_slices(path)] == [()] * 5
    for count in (2, 1, None):
        dataset.NumberOfFrames = count
        dataset.save_as(path)
        for slice_, hu in zip(read_slices(path), chest[: count or 1], strict=True):
            assert np.allclose(slice_.pixels, window_hu(hu))
            [said] = slice_.messages
            assert f"hold 5 frames, though its header says {count or 1} " in said


def test_a_frame_in_several_fragments_is_one(tmp_path: Path, dicom: Write, chest: Chest) -> None:
    for table in (True, False):
        path = dicom(tmp_path / "x.dcm", chest[2])
        compress(path, chest[2:3], table, fragments=3)
        assert np.allclose(read(path).pixels, window_hu(chest[2]))


@pytest.mark.parametrize("lossless", ["JPEG2000", "JPEG"])
def test_a_compressed_file_is_what_another_library_packed(
    tmp_path: Path, chest: Chest, lossless: str
) -> None:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(chest[2][None].astype(np.int16))
    for tag, value in (("0008|0060", "CT"), ("0008|0016", "1.2.840.10008.5.1.4.1.1.2")):
        image.SetMetaData(tag, value)
    writer = SimpleITK.ImageFileWriter()
    writer.SetFileName(str(tmp_path / "x.dcm"))
    writer.SetImageIO("GDCMImageIO")
    writer.SetCompressor(lossless)
    writer.UseCompressionOn()
    writer.Execute(image)
    assert np.allclose(read(tmp_path / "x.dcm").pixels, window_hu(chest[2]))


@pytest.mark.parametrize("syntax", ["HTJ2KLossless", "HTJ2KLosslessRPCL", "HTJ2K"])
def test_high_throughput_jpeg_2000_is_decoded(
    tmp_path: Path, dicom: Write, chest: Chest, syntax: str
) -> None:
    import imagecodecs
    from pydicom import dcmread, encaps, uid

    path = dicom(tmp_path / "x.dcm", chest[2])
    dataset = dcmread(path)
    stored = (chest[2] + 1024).astype(np.uint16)
    dataset.PixelData = encaps.encapsulate([imagecodecs.htj2k_encode(stored, reversible=True)])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = getattr(uid, syntax)
    dataset.save_as(path)
    assert np.allclose(read(path).pixels, window_hu(chest[2]))
