"""Which slices a classifier learned from, by their content: ``NAME.learned`` beside its weights.

A line a slice, sorted: what its greys hash to, from which nobody sees it. The card has the sha256
of the file. Weights of before have none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from covidcls.data.only_slice import only_slice
from covidcls.data.pictures import LabelledPicture
from lungseg.errors import CheckpointError
from lungseg.slice import Slice
from lungseg.whole_file import write_whole

DIGITS = 16  # 8 bytes: no two of a million slices agree by chance


def content_of(one: Slice) -> str:
    """The first DIGITS of the sha256 of size and 8-bit greys: the same under another name, and
    after any lossless format."""
    greys = (one.pixels * 255).round().astype(np.uint8)
    return hashlib.sha256(f"{greys.shape}".encode() + greys.tobytes()).hexdigest()[:DIGITS]


def learned_hashes(pictures: Iterable[LabelledPicture]) -> list[str]:
    """``content_of`` the slice of each picture, in order; see :func:`only_slice` for what it
    raises."""
    return [content_of(only_slice(picture.path)) for picture in pictures]


def overlap(hashes: Iterable[str], learned: Collection[str]) -> int:
    """How many slices were learned from, of those with these ``hashes``."""
    return sum(one in learned for one in hashes)


def write_learned(weights: Path, hashes: Iterable[str]) -> dict[str, Any]:
    """Write ``NAME.learned`` beside ``NAME.safetensors``; what the card has as ``learned``.

    Before the card, which says that all is there.
    """
    lines = sorted(set(hashes))
    content = "".join(f"{line}\n" for line in lines).encode()
    weights.parent.mkdir(parents=True, exist_ok=True)
    write_whole(weights.with_suffix(".learned"), content)
    return {"slices": len(lines), "sha256": hashlib.sha256(content).hexdigest()}


def read_learned(weights: Path, card: Mapping[str, Any]) -> frozenset[str] | None:
    """The hashes beside ``weights``; None where the card names none, or their file is not there.

    Raises CheckpointError for a file that the card does not mean.
    """
    file = weights.with_suffix(".learned")
    if "learned" not in card or not file.is_file():
        return None
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != card["learned"]["sha256"]:
        raise CheckpointError(
            f"{file} is not what the card {weights.with_suffix('.json').name} was made with; get "
            "both again"
        )
    return frozenset(content.decode("ascii").split())
