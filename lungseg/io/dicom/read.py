"""One DICOM file to slices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.io.dicom.dataset import read_dataset
from lungseg.io.dicom.frames import frames_held
from lungseg.io.dicom.header import Header, header_of
from lungseg.io.dicom.pixels import frame_slice
from lungseg.io.reading import Reading
from lungseg.io.stack import stack_each
from lungseg.slice import Slice, Source

if TYPE_CHECKING:
    from pydicom import FileDataset


def read_dicom(file: InputFile, reading: Reading) -> Iterator[Slice]:
    """One slice a frame, those of one orientation from the lowest up, HU seen through the window,
    in LPS.

    A file of another modality, a scout, a coronal or a colour picture has ``refusal`` set; where
    that is true of all frames alike, the first stands for them. Raises UnreadableError for too many
    pixels, a table of contents, and a header that says nothing.
    """
    dataset = read_dataset(file, pixels=True)
    header = _shortened(header_of(dataset, file))
    if header.is_directory:
        raise UnreadableError(
            f"{file} is a DICOMDIR, a table of contents; pass the folder that it lies in"
        )
    if header.rows * header.columns > reading.max_pixels:
        raise UnreadableError(
            f"{file} is {header.columns:,} x {header.rows:,} pixels, expected at most "
            f"{reading.max_pixels:,} in all; it is no CT slice, or its header is damaged"
        )
    assumed = _complete(dataset)
    if not all(frame.refusal for frame in header.frames):
        assumed += _uncounted(dataset, len(header.frames))
    for place, one in enumerate(stack_each([frame.place for frame in header.frames])):
        slice_ = frame_slice(dataset, header, one.index, Source(str(file), place), reading)
        yield replace(
            slice_,
            messages=(*slice_.messages, *assumed, *one.notes),
            step=one.step,
            sharing=one.sharing,
        )


def _shortened(header: Header) -> Header:
    """``header`` with one frame where none is a slice, for the same reason."""
    first, *others = header.frames
    if not others or not first.refusal or any(one.refusal != first.refusal for one in others):
        return header
    refusal = f"{first.refusal} ({len(header.frames)} frames)"
    return replace(header, frames=(replace(first, refusal=refusal),))


def _uncounted(dataset: FileDataset, count: int) -> tuple[str, ...]:
    """What must be known where there are more frames than the ``count`` of the header.

    No error, which would be an item more than the frames: a series has one a file.
    """
    held = frames_held(dataset)
    if held <= count:
        return ()
    return (
        f"its pixel data hold {held} frames, though its header says {count} (NumberOfFrames): the "
        "others are not read",
    )


def _complete(dataset: object) -> tuple[str, ...]:
    """Set the transfer syntax of a file that has none: it is one of the two without compression."""
    from pydicom import FileDataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    assert isinstance(dataset, FileDataset)
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" in dataset.file_meta:
        return ()
    implicit = dataset.original_encoding[0]
    dataset.file_meta.TransferSyntaxUID = (
        ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    )
    return ("it names no transfer syntax: taken for uncompressed",)
