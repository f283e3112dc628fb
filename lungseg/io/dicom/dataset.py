"""A DICOM file as a pydicom data set, without what names the patient."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile

if TYPE_CHECKING:
    from pydicom import Dataset, FileDataset

HEADER_TAGS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "ImageType",
    "InstanceNumber",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsStored",
    "PixelPaddingValue",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "PixelSpacing",
    "SpacingBetweenSlices",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
PIXEL_TAGS = (
    "BitsAllocated",
    "HighBit",
    "PixelRepresentation",
    "PlanarConfiguration",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelData",
    "FloatPixelData",
    "DoubleFloatPixelData",
)


def read_dataset(file: InputFile, pixels: bool = False, more: Sequence[str] = ()) -> FileDataset:
    """The elements of ``file`` that are used here, with the pixel data when ``pixels``, and
    ``more``.

    Raises UnreadableError for what pydicom cannot parse.
    """
    from pydicom import config, dcmread

    # Otherwise pydicom prints a warning for every value that the standard would not allow; those
    # that matter here are checked where they are used.
    config.settings.reading_validation_mode = config.IGNORE
    tags: list[Any] = [*HEADER_TAGS, *(PIXEL_TAGS if pixels else ()), *more]
    try:
        with file.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the same, where no setting keeps them
            return dcmread(stream, stop_before_pixels=not pixels, force=True, specific_tags=tags)
    except UnreadableError:
        raise
    # pydicom raises many kinds on damaged bytes
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableError(
            f"{file} cannot be parsed as DICOM ({said}); it is probably cut off or damaged, export "
            "it again"
        ) from error


def value_of(dataset: Dataset, keyword: str) -> Any:
    """The value of an element, None where it is absent, empty or cannot be parsed."""
    try:
        value = dataset.get(keyword)
    except Exception:  # pydicom parses a value when it is asked for, and raises many kinds
        return None
    return None if value is None or value == "" or value == [] else value


def text_of(dataset: Dataset, keyword: str) -> str:
    """A value as text without the padding around it, empty where there is none."""
    value = value_of(dataset, keyword)
    return "" if value is None else str(value).strip(" \0")


def whole_of(dataset: Dataset, keyword: str) -> int | None:
    """A whole number, None where there is none."""
    try:
        return int(value_of(dataset, keyword))
    except (TypeError, ValueError, OverflowError):
        return None


def numbers_of(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """``count`` finite numbers, None where there are none or others."""
    value = value_of(dataset, keyword)
    try:
        found = tuple(map(float, [value] if count == 1 else value))
    except (TypeError, ValueError, OverflowError):
        return None
    whole = len(found) == count and all(abs(number) < float("inf") for number in found)
    return found if whole else None
