"""Lung masks computed once per segmenter and kept on disk by the content of the picture.

The mask is kept, not the crop: every region and margin of the ablation is cut from it at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.cleaning import CLEANING
from lungseg.io import read_slices
from lungseg.segmenter import LungSegmenter
from lungseg.slice import Slice
from lungseg.whole_file import write_whole

CHUNK = 64


def default_cache() -> Path:
    """``$XDG_CACHE_HOME/lungseg-covid`` or ``~/.cache/lungseg-covid``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "lungseg-covid"


class MaskCache:
    """Masks of pictures by one segmenter; ``folder`` None is :func:`default_cache`."""

    def __init__(self, segmenter: LungSegmenter, folder: Path | None = None) -> None:
        self.segmenter = segmenter
        root = default_cache() if folder is None else Path(folder)
        made_by = (
            f"{segmenter.sha256}:{segmenter.framing}:{segmenter.threshold}:"
            f"{segmenter.min_certainty}:{CLEANING}"
        )
        self.folder = root / "masks" / hashlib.sha256(made_by.encode()).hexdigest()[:16]
        self.computed = 0

    def each(
        self,
        paths: Sequence[Path],
        use: Callable[[int, Slice, NDArray[np.bool_]], None],
    ) -> None:
        """Call ``use(index, slice, mask)`` for the first slice of each file, in order."""
        for start in range(0, len(paths), CHUNK):
            chunk = paths[start : start + CHUNK]
            slices = [next(iter(read_slices(path))) for path in chunk]
            files = [self._file(path) for path in chunk]
            masks = [self._load(file, one.shape) for file, one in zip(files, slices, strict=True)]
            new = {files[i]: slices[i] for i, mask in enumerate(masks) if mask is None}
            found = self.segmenter.predict(list(new.values()))
            computed = {file: one.mask for file, one in zip(new, found, strict=True)}
            for file in computed:
                self._save(file, computed[file])
            self.computed += len(new)
            masks = [
                computed[file] if mask is None else mask
                for file, mask in zip(files, masks, strict=True)
            ]
            for i, (one, mask) in enumerate(zip(slices, masks, strict=True)):
                assert mask is not None
                use(start + i, one, mask)

    def _file(self, path: Path) -> Path:
        return self.folder / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.png"

    @staticmethod
    def _load(file: Path, shape: tuple[int, int]) -> NDArray[np.bool_] | None:
        if not file.is_file():
            return None
        stored = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if stored is None or stored.shape != shape:
            return None  # damaged, or of an older reader: computed again
        return np.asarray(stored > 0)

    def _save(self, file: Path, mask: NDArray[np.bool_]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        _, encoded = cv2.imencode(".png", mask.astype(np.uint8) * 255)
        write_whole(file, encoded.tobytes())
