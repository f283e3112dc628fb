"""What the header of a DICOM file says of its frames: what they show, where, and in what unit."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile
from lungseg.io.dicom.dataset import (
    numbers_of,
    read_dataset,
    text_of,
    value_of,
    whole_of,
)
from lungseg.io.planes import Directions, doubts_of, plane_of
from lungseg.io.stack import Place

if TYPE_CHECKING:
    from pydicom import Dataset

DICOMDIR = "1.2.840.10008.1.3.10"  # Media Storage Directory: a table of contents
CT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2",  # CT Image Storage
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT Image Storage
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT Image Storage
)
# Values of ImageType that are no slice: scouts, and reports that were saved as pictures.
NO_SLICE = ("LOCALIZER", "SCOUT", "SCREEN SAVE", "DOSE_INFO")
# Several slices in one picture; MAXIMUM and MINIMUM are what enhanced CT says (PS3.3 C.8.15.2.1.4).
SLABS = ("MIP", "CSA MIP", "MINIP", "MAXIMUM", "MINIMUM")
GREY = ("MONOCHROME1", "MONOCHROME2")
CODE = re.compile("[A-Z]{2,8}")  # of a modality, such as PT or RTSTRUCT
MAX_FRAMES = 20_000  # a header that says more is damaged


@dataclass(frozen=True)
class Rescale:
    """HU = stored * ``slope`` + ``intercept``, as far as the header says so.

    ``unit``: DICOM's RescaleType. ``said``: whether the header has slope or intercept.
    """

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    said: bool = False


@dataclass(frozen=True)
class Frame:
    """One picture of a file; ``refusal``: why it is no axial CT slice, or nothing."""

    place: Place
    spacing: tuple[float, float] | None
    rescale: Rescale
    refusal: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    """A file without its pixels. ``series``: its SeriesInstanceUID, or nothing. ``study``: its
    StudyInstanceUID, and ``patient``: a hash of its PatientID, to tell them apart and for nothing
    that is written; where they were read."""

    sop_class: str
    series: str
    modality: str
    rows: int
    columns: int
    inverted: bool
    padding: int | None
    frames: tuple[Frame, ...]
    study: str = ""
    patient: str = field(default="", repr=False)

    @property
    def is_directory(self) -> bool:
        """Whether it is a table of contents and no picture."""
        return self.sop_class == DICOMDIR


def read_header(file: InputFile) -> Header:
    """The header of a DICOM file with study and patient. Raises UnreadableError for what is no
    DICOM or is damaged."""
    dataset = read_dataset(file, more=("StudyInstanceUID", "PatientID"))
    patient = hashlib.sha256(text_of(dataset, "PatientID").encode()).hexdigest()
    study = text_of(dataset, "StudyInstanceUID")
    return replace(header_of(dataset, file), study=study, patient=patient)


def header_of(dataset: Dataset, file: InputFile) -> Header:
    """What a data set says. Raises UnreadableError where it says nothing, or what cannot be."""
    meta: Any = getattr(dataset, "file_meta", None)
    sop_class = text_of(dataset, "SOPClassUID") or (
        text_of(meta, "MediaStorageSOPClassUID") if meta is not None else ""
    )
    rows, columns = whole_of(dataset, "Rows") or 0, whole_of(dataset, "Columns") or 0
    if not sop_class and not rows and not text_of(dataset, "Modality"):
        raise UnreadableError(
            f"{file} has neither a picture nor a kind of object in its header; it is no DICOM, or "
            "its beginning is damaged: export it again"
        )
    count = whole_of(dataset, "NumberOfFrames") or 1
    if not 0 < count <= MAX_FRAMES:
        raise UnreadableError(
            f"{file} promises {count} frames, expected 1 to {MAX_FRAMES}; its header is damaged"
        )
    refusal, notes = _refusal(dataset, sop_class, rows, columns)
    return Header(
        sop_class,
        text_of(dataset, "SeriesInstanceUID"),
        text_of(dataset, "Modality"),
        rows,
        columns,
        text_of(dataset, "PhotometricInterpretation") == "MONOCHROME1",
        whole_of(dataset, "PixelPaddingValue"),
        tuple(_frame(dataset, file, index, count, refusal, notes) for index in range(count)),
    )


def _refusal(
    dataset: Dataset, sop_class: str, rows: int, columns: int
) -> tuple[str, tuple[str, ...]]:
    """Why no frame of the file is a CT slice, and what had to be assumed when one may be."""
    modality = text_of(dataset, "Modality")
    if not rows or not columns:
        from pydicom.uid import UID

        return f"a DICOM object without a picture ({UID(sop_class).name or modality})", ()
    if modality and modality != "CT":
        # a text of any other form may be what somebody typed of the patient
        named = modality if CODE.fullmatch(modality) else "no code of the standard"
        return f"its modality is {named}, expected CT", ()
    kind = _words(dataset, "ImageType")
    unfit = next((word for word in NO_SLICE if word in kind), None)
    if unfit:
        return f"its image type is {unfit}, no slice", ()
    colours = text_of(dataset, "PhotometricInterpretation")
    if colours not in GREY:
        return f"a colour picture ({colours or 'unknown'}), CT is grey", ()
    assumed = not modality and sop_class not in CT_CLASSES
    return "", ("its header names no modality: taken for CT",) if assumed else ()


def _frame(
    dataset: Dataset,
    file: InputFile,
    index: int,
    count: int,
    refusal: str,
    notes: tuple[str, ...],
) -> Frame:
    if refusal:
        return Frame(Place(None, None, name=file.name), None, Rescale(), refusal)
    groups = _groups(dataset, index)
    directions = _directions(groups)
    position = _found(groups, "PlanePositionSequence", "ImagePositionPatient", 3)
    measures = "PixelMeasuresSequence"
    spacing = _found(groups, measures, "PixelSpacing", 2)
    step = _found(groups, measures, "SpacingBetweenSlices", 1)
    if spacing is not None and min(spacing) <= 0:
        spacing = None
    kind = [word for group in groups for word in _words_in(group, "CTImageFrameTypeSequence")]
    slab = next((word for word in (*_words(dataset, "ImageType"), *kind) if word in SLABS), None)
    unfit = next((word for word in NO_SLICE if word in kind), None)
    said = list(notes)
    if directions is None:
        said.append("its header gives no orientation: taken for axial, the patient's right left")
    elif plane_of(directions) != "axial":
        refusal = f"a {plane_of(directions)} slice, expected axial"
    else:
        said += doubts_of(directions)
    if spacing is None:
        said.append("its header gives no pixel spacing")
    if slab:
        said.append(f"its image type is {slab}: several slices in one picture")
    number = index if count > 1 else whole_of(dataset, "InstanceNumber")
    place = Place(
        directions,
        cast("tuple[float, float, float] | None", position),
        number,
        step[0] if step else None,
        f"frame {index} of {file.name}" if count > 1 else file.name,
    )
    return Frame(
        place,
        cast("tuple[float, float] | None", spacing),
        _rescale(groups, file),
        f"its image type is {unfit}, no slice" if unfit else refusal,
        tuple(said),
    )


def _groups(dataset: Dataset, index: int) -> list[Dataset]:
    """Where an element of a frame may stand: its own group, the shared one, the file (PS3.3
    C.7.6.16)."""
    found = []
    own = value_of(dataset, "PerFrameFunctionalGroupsSequence")
    if own is not None and index < len(own):
        found.append(own[index])
    shared = value_of(dataset, "SharedFunctionalGroupsSequence")
    if shared is not None and len(shared):
        found.append(shared[0])
    return [*found, dataset]


def _holders(groups: list[Dataset], sequence: str) -> list[Dataset]:
    """Data sets that may hold an element of ``sequence``, the nearest to the frame first."""
    *functional, dataset = groups
    items = (value_of(group, sequence) for group in functional)
    return [*(item[0] for item in items if item), dataset]


def _found(
    groups: list[Dataset], sequence: str, keyword: str, count: int
) -> tuple[float, ...] | None:
    holders = _holders(groups, sequence)
    return next(filter(None, (numbers_of(one, keyword, count) for one in holders)), None)


def _directions(groups: list[Dataset]) -> Directions | None:
    """Two unit vectors at right angles, or None."""
    found = _found(groups, "PlaneOrientationSequence", "ImageOrientationPatient", 6)
    if found is None:
        return None
    row, column = np.array(found[:3]), np.array(found[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if max(abs(length - 1) for length in lengths) > 0.01 or abs(row @ column) > 0.01:
        return None
    return cast(Directions, found)


def _rescale(groups: list[Dataset], file: InputFile) -> Rescale:
    """Raises UnreadableError for a slope or intercept that is there and no number."""
    holder = next(
        (
            one
            for one in _holders(groups, "PixelValueTransformationSequence")
            if "RescaleSlope" in one or "RescaleIntercept" in one
        ),
        None,
    )
    if holder is None:
        return Rescale()
    found = {}
    for keyword, neutral in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0)):
        number = numbers_of(holder, keyword, 1)
        if number is None and keyword in holder and holder.get_item(keyword).value:
            raise UnreadableError(
                f"{file} has a {keyword} that is no number, so that nobody can tell its HU; export "
                "it again"
            )
        found[keyword] = number[0] if number else neutral
    if found["RescaleSlope"] == 0:
        raise UnreadableError(
            f"{file} has a RescaleSlope of 0, which makes all values one; export it again"
        )
    unit = text_of(holder, "RescaleType")
    return Rescale(found["RescaleSlope"], found["RescaleIntercept"], unit, True)


def _words(dataset: Dataset, keyword: str) -> list[str]:
    value = value_of(dataset, keyword)
    values = [value] if isinstance(value, str) else list(value or ())
    return [str(word).strip().upper() for word in values]


def _words_in(group: Dataset, sequence: str) -> list[str]:
    items = value_of(group, sequence)
    return _words(items[0], "FrameType") if items else []
