"""Which two checkpoints a run uses, found and fingerprinted before torch is imported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lungseg.checkpoint import resolve
from lungseg.errors import CheckpointError


@dataclass(frozen=True)
class Weights:
    """The files of stage 1 and stage 2."""

    segmenter: Path
    classifier: Path

    def identity(self) -> dict[str, dict[str, str]]:
        """Name and SHA-256 of each stage's file and of its card, which has the thresholds.

        Raises CheckpointError when one is unreadable.
        """
        return {"segmenter": _identity(self.segmenter), "classifier": _identity(self.classifier)}


def chosen_weights(directory: Path | None, region: str) -> Weights:
    """What ``defaults.json`` of ``directory`` (None: the shipped one) names for ``region``.

    Raises CheckpointError when the folder has no defaults, none for this region, or no such file.
    """
    return Weights(
        resolve(None, directory, "segmenter"), resolve(None, directory, "classifier", region)
    )


def _identity(weights: Path) -> dict[str, str]:
    return {
        "name": weights.stem,
        "sha256": _sha256(weights),
        "card_sha256": _sha256(weights.with_suffix(".json")),
    }


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"cannot read the weights {file}: {error.strerror}") from error
