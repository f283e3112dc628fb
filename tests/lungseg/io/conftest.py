"""DICOM files of a phantom, with whatever is to be wrong in their headers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.phantom import make_phantom

SERIES = "1.2.826.0.1.3680043.8.498.1"


def write_dicom(path: Path, hu: NDArray[Any], z: float = 0.0, number: int = 1, **tags: Any) -> Path:
    """An axial CT slice of 16 bits, value = HU + 1024; ``tags`` by keyword, None leaves one out."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(path)])
    given = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": dataset.file_meta.MediaStorageSOPInstanceUID,
        "SeriesInstanceUID": SERIES,
        "StudyInstanceUID": "1.2.3",
        "PatientName": "Muster^Erika",
        "PatientID": "MRN-4711",
        "PatientBirthDate": "19700101",
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "InstanceNumber": number,
        "Rows": hu.shape[-2],
        "Columns": hu.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-100, -80, z],
        "PixelSpacing": [0.5, 0.75],
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
        "PixelData": (hu + 1024).round().astype("<u2").tobytes(),
        **tags,
    }
    for keyword, value in given.items():
        if value is not None:
            setattr(dataset, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture(scope="session")
def dicom() -> Callable[..., Path]:
    """``write_dicom``."""
    return write_dicom


@pytest.fixture(scope="session")
def chest() -> NDArray[np.int16]:
    """Five slices of a phantom in HU, the lowest first, S x H x W of 48 x 40 pixels."""
    slices = [make_phantom(z, size=48, seed=3).hu for z in (0.9, 0.7, 0.5, 0.3, 0.2)]
    return np.stack(slices)[:, :, 4:44].round().astype(np.int16)
