"""Who the patient is stays in the file unless it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lungseg.io.dicom.dataset import read_dataset
from lungseg.io.identity import IdentityPolicy, mark_of_key, pseudonym, shown_identity

Write = Callable[..., Path]

HMAC_OF_4711 = "3f64db98781294e8"  # printf 4711 | openssl dgst -sha256 -hmac key


def test_nothing_is_shown_by_default(
    tmp_path: Path, dicom: Write, chest: NDArray[np.int16]
) -> None:
    path = dicom(tmp_path / "x.dcm", chest[0])
    assert shown_identity(path, IdentityPolicy()) == {}


def test_ids_are_kept_on_request_and_hashes_hide_them(
    tmp_path: Path, dicom: Write, chest: NDArray[np.int16]
) -> None:
    path = dicom(tmp_path / "x.dcm", chest[0])
    kept = shown_identity(path, IdentityPolicy(keep=True))
    assert (kept["patient_id"], kept["birth_date"]) == ("MRN-4711", "19700101")
    assert kept["patient_name"] == "Muster^Erika"
    hashed = shown_identity(path, IdentityPolicy(key="one"))
    assert hashed == {
        name: pseudonym(kept[name], "one") for name in ("patient_id", "study", "series")
    }
    assert not any(kept[name] in hashed.values() for name in kept)
    other = shown_identity(path, IdentityPolicy(key="two"))
    assert other["patient_id"] != hashed["patient_id"]


def test_a_pseudonym_is_stable_and_keyed() -> None:
    assert pseudonym("4711", "key") == pseudonym(" 4711 ", "key") == HMAC_OF_4711
    assert pseudonym("4711", "other") != HMAC_OF_4711


def test_reading_slices_never_parses_the_name(
    tmp_path: Path, dicom: Write, chest: NDArray[np.int16]
) -> None:
    dataset = read_dataset(dicom(tmp_path / "x.dcm", chest[0]), pixels=True)
    assert "PatientName" not in dataset and "PatientID" not in dataset


def test_what_is_no_dicom_has_no_identity(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no DICOM" * 40)
    assert shown_identity(tmp_path / "x", IdentityPolicy(keep=True)) == {}


def test_a_key_is_told_from_another_and_never_printed() -> None:
    assert mark_of_key("Xanthippe") == mark_of_key("Xanthippe") != mark_of_key("Xanthippus")
    assert mark_of_key("4711") != pseudonym("4711", "4711")
    assert "Xanthippe" not in repr(IdentityPolicy(key="Xanthippe"))
