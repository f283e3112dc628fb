"""Which DICOM files are of one patient."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from lungseg.errors import UnreadableError
from lungseg.io.archive import head_of
from lungseg.io.formats import HEAD_BYTES, format_of_content

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
    try:
        known = format_of_content(head_of(file, HEAD_BYTES))
        if known is None or known.name != "DICOM":
            return None
        from lungseg.io.dicom.header import read_header

        header = read_header(file)
    except (OSError, UnreadableError):
        return None  # reading its slice says what is wrong with it
    if header.patient != NOBODY:
        return "patient", header.patient
    return ("study", header.study) if header.study else None
