"""Which DICOM files are of one patient."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from lungseg.io.grouping import dicom_header, format_of

NOBODY = hashlib.sha256(b"").hexdigest()  # a header without PatientID


def dicom_patients(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """By path below ``root``, what the patient is called: ``dicom:`` and the first of the patient's
    files, for the id is nobody's business.

    By PatientID, where that is empty by StudyInstanceUID. Files that are no DICOM, are damaged, or
    have neither are left out.
    """
    first: dict[tuple[str, str], str] = {}
    found = {}
    for path in paths:
        key = _key(root / path)
        if key is not None:
            found[path] = first.setdefault(key, f"dicom:{path}")
    return found


def _key(file: Path) -> tuple[str, str] | None:
    """What the files of one patient have in common."""
    header = dicom_header(file) if format_of(file) == "DICOM" else None
    if header is None:
        return None
    if header.patient != NOBODY:
        return "patient", header.patient
    return ("study", header.study) if header.study else None
