"""The slices of an input as what other DICOM objects refer to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lungseg.errors import UnreadableError
from lungseg.io.dicom.dataset import read_dataset, text_of
from lungseg.io.dicom.header import Frame, header_of
from lungseg.io.grouping import Input
from lungseg.io.identity import IdentityPolicy, shown_identity
from lungseg.io.planes import Directions, parallel
from lungseg.io.stack import stack

if TYPE_CHECKING:
    from pydicom import Dataset

NEEDED = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
)
COPIED = (
    "SliceThickness",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)
# What every object says of its patient and study (PS3.3 C.7.1.1 and C.7.2.1, type 2): may be empty.
OF_PATIENT = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)


@dataclass(frozen=True, eq=False)
class Sources:
    """``headers``: of the files of single slices, or of the one file of all frames, ``count`` in
    all, of one ``shape`` (H, W) and ``directions``. ``planes``: the place of each slice among
    them."""

    headers: tuple[Dataset, ...]
    planes: tuple[int, ...]
    count: int
    shape: tuple[int, int]
    directions: Directions


def read_sources(
    one: Input, slices: Sequence[int], policy: IdentityPolicy | None = None
) -> Sources:
    """The sources of the ``slices`` (numbers from 0, as the reader gives them) of a DICOM input.

    Of patient and study they have what ``policy`` lets be seen: by default nothing but the UIDs
    without which nothing can refer to them; with a key the PatientID is its hash.

    Raises UnreadableError, with the reason alone, for a header that lacks what an object that
    refers to it must have, OSError, and what pydicom raises on damaged headers.
    """
    policy = policy or IdentityPolicy()
    in_one_file = len(one.parts) == 1
    files = [one.parts[0].file] if in_one_file else [one.parts[index].file for index in slices]
    tags = (*NEEDED, *COPIED, *(OF_PATIENT if policy.keep else ()))
    headers = [read_dataset(file, more=tags) for file in files]
    read = [header_of(header, file) for header, file in zip(headers, files, strict=True)]
    frames = [frame for header in read for frame in header.frames]
    found = stack([frame.place for frame in frames])
    planes = tuple(found.order[index] for index in slices) if in_one_file else range(len(slices))
    directions = _checked(headers, frames)
    shown = shown_identity(files[0], policy)
    for header in headers:
        if not policy.keep:
            header.PatientID = shown.get("patient_id", "")
        _complete(header, one.parts[0].step or found.step)
    shape = (read[0].rows, read[0].columns)
    return Sources(tuple(headers), tuple(planes), len(frames), shape, directions)


def _checked(headers: Sequence[Dataset], frames: Sequence[Frame]) -> Directions:
    """The directions of all slices. Raises UnreadableError for what is missing or not the same."""
    lacking = [tag for tag in NEEDED if not all(text_of(header, tag) for header in headers)]
    if lacking:
        raise UnreadableError(f"its header has no {' and no '.join(lacking)}")
    directions = frames[0].place.directions
    if directions is None or any(
        frame.place.position is None or frame.spacing is None for frame in frames
    ):
        raise UnreadableError("its header has no position, orientation or pixel spacing")
    if not all(parallel(directions, frame.place.directions) for frame in frames):
        raise UnreadableError("its slices have several orientations")
    if len({frame.spacing for frame in frames}) > 1:
        raise UnreadableError("the pixel spacing changes within it")
    return directions


def _complete(header: Dataset, step: float | None) -> None:
    """Add what highdicom asks for: empty where it is not known, ``step`` for the thickness.

    Raises UnreadableError where neither of the two is known.
    """
    for keyword in OF_PATIENT:
        if keyword not in header:
            setattr(header, keyword, None)
    measures = header
    if "SharedFunctionalGroupsSequence" in header:
        [measures] = header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    if not measures.get("SliceThickness"):
        if step is None:
            raise UnreadableError("its header has no SliceThickness")
        measures.SliceThickness = step
    if "SpacingBetweenSlices" in measures:
        del measures.SpacingBetweenSlices  # often wrong, and the positions tell it
