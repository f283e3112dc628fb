"""Who the patient is: read only when asked for, shown as it is, as a keyed hash, or not at all."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from lungseg.io.archive import InputFile

# What DICOM PS3.15 E.1 would have removed, as far as it names the patient or the examination.
IDENTIFYING = {
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "birth_date": "PatientBirthDate",
    "accession_number": "AccessionNumber",
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
}
LINKING = ("patient_id", "study", "series")  # of these, hashes: they tell which slices go together
HASH_DIGITS = 16  # 64 bits: two of a million patients share one with a chance of 1 to 40 million


@dataclass(frozen=True)
class IdentityPolicy:
    """What of an identity may be shown; by default nothing.

    ``keep``: all of ``IDENTIFYING`` as it is. ``key``, where ``keep`` is not set: hashes of
    ``LINKING``, the same for the same key; who has not the key cannot try names out.
    """

    keep: bool = False
    key: str | None = field(default=None, repr=False)

    @property
    def shows_nothing(self) -> bool:
        """Whether no identity needs to be read."""
        return not self.keep and self.key is None


def pseudonym(value: str, key: str) -> str:
    """A stable name for ``value``: 16 hexadecimal digits of HMAC-SHA256 (RFC 2104) under ``key``.

    White space around ``value`` does not count: DICOM pads with it.
    """
    digest = hmac.new(key.encode(), value.strip().encode(), hashlib.sha256)
    return digest.hexdigest()[:HASH_DIGITS]


def mark_of_key(key: str) -> str:
    """What tells two keys apart and lets nobody find them: scrypt (RFC 7914), 16 digits.

    Unlike a pseudonym it is slow to compute, for keys that a person has thought out are few.
    """
    return hashlib.scrypt(key.encode(), salt=b"lungseg-covid", n=2**14, r=8, p=1, dklen=8).hex()


def shown_identity(file: InputFile, policy: IdentityPolicy) -> dict[str, str]:
    """What ``policy`` lets be seen of a DICOM file, by the names in ``IDENTIFYING``.

    Empty where nothing may be shown, the file is no DICOM or its header is damaged; what is empty
    in the header is left out.
    """
    if policy.shows_nothing:
        return {}
    from pydicom import dcmread

    try:
        with file.open("rb") as stream:
            header = dcmread(
                stream, stop_before_pixels=True, force=True, specific_tags=[*IDENTIFYING.values()]
            )
            found = {name: str(header.get(tag, "") or "") for name, tag in IDENTIFYING.items()}
    except Exception:  # the row of the file says what is wrong with it
        return {}
    known = {name: value for name, value in found.items() if value.strip()}
    if policy.keep or policy.key is None:
        return known
    return {name: pseudonym(known[name], policy.key) for name in LINKING if name in known}
