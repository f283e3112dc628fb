"""Masks that a network made of unlabelled slices: the folder that they lie in, and its rows."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lungseg.errors import UsageError

MASKS, ROWS, RUN = "masks", "slices.csv", "run.json"
MAX_SIDE = 512  # pixels of the longer side of a stored mask; training keeps no more of a picture
_LUNG_BIT, _LESION_BIT = 1, 2
REASONS = {
    "unreadable": "the file cannot be decoded",
    "several_slices": "the file holds more than one slice",
    "duplicate": "the same bytes as a picture before",
    "not_ct": "it does not look like a chest CT slice",
    "no_lung": "no lung was found",
    "lungs_disagree": "the lungs of the altered copies differ",
    "uncertain": "much of the lung is uncertain",
    "shape": "the shape of the mask is doubtful",
}
"""Why a picture is not kept, in the order in which it is asked."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Filters:
    """What a slice must pass to be kept.

    ``min_agreement``: mean Dice of the copies' lungs with their average. ``max_uncertain``: share
    of the lung without a clear probability. ``min_lesion_agreement``: as for the lungs; below it
    the lesion mask counts as unknown, unless no copy shows any lesion.

    Of the twenty slices of COVID-CT and SARS-CoV-2 CT that the defaults were looked up on, all with
    good lungs, they have 0.978 to 0.997 and up to 0.18 uncertain; what the network
    takes for a lesion in every copy, such as vessels in a dark window, agrees all the same.
    """

    min_agreement: float = 0.95
    max_uncertain: float = 0.25
    min_lesion_agreement: float = 0.85


@dataclass(frozen=True)
class Row:
    """What ``slices.csv`` says of one picture; numbers are empty where nothing was computed.

    ``path``: relative to the folder of the pictures. ``sha256``: of the file's bytes. ``reason``:
    why it was not ``kept``. ``agreement_lung`` and ``agreement_lesion``: mean Dice of the altered
    copies with their average. ``uncertain``: pixels without a clear lung probability, as a share
    of the lung and these. ``lesion_fraction``: share of the lung. ``lesion_known``: the lesion
    mask may be taken for a label. ``group``: what must not straddle a split.
    """

    path: str
    sha256: str
    kept: bool
    reason: str
    agreement_lung: float | None = None
    agreement_lesion: float | None = None
    uncertain: float | None = None
    chest_ct: float | None = None
    lung_fraction: float | None = None
    lesion_fraction: float | None = None
    lesion_known: bool = False
    group: str = ""

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of COLUMNS."""
        return tuple(_cell(getattr(self, name)) for name in COLUMNS)

    @classmethod
    def of_cells(cls, cells: tuple[str, ...]) -> Row:
        """The row of its cells. Raises ValueError where a cell is no number."""
        text = dict(zip(COLUMNS, cells, strict=True))
        numbers = {name: float(text[name]) if text[name] else None for name in _NUMBERS}
        flags = {name: text[name] == "1" for name in _FLAGS}
        return cls(**{**text, **numbers, **flags})  # type: ignore[arg-type]  # by column


COLUMNS = tuple(field.name for field in fields(Row))
_NUMBERS = tuple(field.name for field in fields(Row) if field.type == "float | None")
_FLAGS = tuple(field.name for field in fields(Row) if field.type == "bool")


def _cell(value: str | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return value if isinstance(value, str) else f"{value:.4f}"


def fingerprint(content: bytes) -> str:
    """By what a picture and its label find each other, wherever the file lies."""
    return hashlib.sha256(content).hexdigest()


def mask_file(folder: Path, sha256: str) -> Path:
    """Where the masks of a picture lie."""
    return folder / MASKS / f"{sha256}.png"


def encode_masks(lung: Mask, lesion: Mask) -> bytes:
    """Two bool H x W as one 8-bit PNG: bit 0 lung, bit 1 lesion."""
    bits = lung * np.uint8(_LUNG_BIT) + lesion * np.uint8(_LESION_BIT)
    stream = io.BytesIO()
    Image.fromarray(bits.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def read_masks(file: Path) -> tuple[Mask, Mask]:
    """Lung and lesion, bool H x W. Raises UsageError for a missing or damaged file."""
    try:
        bits = np.asarray(Image.open(file))
    except (OSError, SyntaxError, ValueError) as error:
        raise UsageError(
            f"cannot read the mask {file} ({error}); make the pseudo-labels again"
        ) from error
    return (bits & _LUNG_BIT) > 0, (bits & _LESION_BIT) > 0


def read_rows(folder: Path) -> list[Row]:
    """All rows of a finished folder. Raises UsageError for any other one."""
    path = folder / ROWS
    if not path.is_file():
        raise UsageError(
            f"there are no finished pseudo-labels in {folder}: no {ROWS}; "
            "make them with python -m pipelines.pseudo_label, or go on there with --resume"
        )
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = [tuple(cells) for cells in csv.reader(file)] or [()]
    try:
        if header != COLUMNS:
            raise ValueError("other columns")
        return [Row.of_cells(cells) for cells in rows]
    except ValueError as error:
        raise UsageError(
            f"{path} is no table of pseudo-labels of this version ({error}); make them again"
        ) from error


def read_run(folder: Path) -> dict[str, Any]:
    """How the labels were made: checkpoint, options, counts and versions, without any folder."""
    try:
        record = json.loads((folder / RUN).read_text("utf-8"))
        told = {key: record[key] for key in ("options", "counts", "versions")}
        return {"segmenter": record["weights"]["segmenter"], **told}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"cannot read {folder / RUN}, the record of the pseudo-labels ({error}); "
            "make them again"
        ) from error
