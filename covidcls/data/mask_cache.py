"""What stage 1 says, computed once per segmenter and backend, kept on disk by the content of the
picture.

The masks are kept, not the crop: every region and margin of the ablation is cut from them at once.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from covidcls.data.only_slice import only_slice
from covidcls.views.lungs import Lungs
from lungseg.backends import description
from lungseg.cleaning import CLEANING
from lungseg.framing import FRAMING
from lungseg.lung_mask import FINDINGS
from lungseg.segmenter import LungSegmenter
from lungseg.slice import Slice
from lungseg.whole_file import write_whole

CHUNK = 64


def default_cache() -> Path:
    """``$XDG_CACHE_HOME/lungseg-covid`` or ``~/.cache/lungseg-covid``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "lungseg-covid"


class MaskCache:
    """Masks of pictures by one segmenter as it is run; ``folder`` None is :func:`default_cache`.

    ``CONTENT.png`` is the lung mask, ``CONTENT.lesion-THRESHOLD.png`` the probability of lesion in
    8 bits, where the segmenter knows lesions, and ``CONTENT.npy`` its findings, where it has any.
    """

    def __init__(self, segmenter: LungSegmenter, folder: Path | None = None) -> None:
        self.segmenter = segmenter
        root = default_cache() if folder is None else Path(folder)
        # backends differ by rounding, which a threshold makes a pixel, and bfloat16 by more
        made_by = (
            f"{segmenter.sha256}:{segmenter.framing}:{segmenter.threshold}:"
            f"{segmenter.min_certainty}:{FRAMING}:{CLEANING}:{FINDINGS}:"
            f"{description(segmenter.compiled)}:{segmenter.device}"
        )
        self.folder = root / "masks" / hashlib.sha256(made_by.encode()).hexdigest()[:16]
        self.lesions = int(segmenter.card["architecture"]["classes"]) > 1
        self.findings = segmenter.has_findings
        self.computed = 0

    def each(self, paths: Sequence[Path], use: Callable[[int, Slice, Lungs], None]) -> None:
        """Call ``use(index, slice, lungs)`` for the slice of each file, in order.

        Raises what :func:`covidcls.data.only_slice.only_slice` does.
        """
        for start in range(0, len(paths), CHUNK):
            chunk = paths[start : start + CHUNK]
            slices = [only_slice(path) for path in chunk]
            files = [self._file(path) for path in chunk]
            known = [self._load(file, one.shape) for file, one in zip(files, slices, strict=True)]
            new = {files[i]: slices[i] for i, lungs in enumerate(known) if lungs is None}
            found = self.segmenter.predict(list(new.values()))
            computed = {file: Lungs.of(mask) for file, mask in zip(new, found, strict=True)}
            for file, lungs in computed.items():
                self._save(file, lungs)
            self.computed += len(new)
            for i, (one, file, kept) in enumerate(zip(slices, files, known, strict=True)):
                use(start + i, one, computed[file] if kept is None else kept)

    def _file(self, path: Path) -> Path:
        return self.folder / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.png"

    def _lesion_file(self, file: Path) -> Path:
        return file.with_suffix(f".lesion-{self.segmenter.lesion_threshold:g}.png")

    def _load(self, file: Path, shape: tuple[int, int]) -> Lungs | None:
        mask = _read(file, shape)
        if mask is None or not self.lesions:
            return None if mask is None else Lungs(mask > 0)
        lesion = _read(self._lesion_file(file), shape)
        findings = _read_array(file.with_suffix(".npy")) if self.findings else None
        if lesion is None or (self.findings and findings is None):
            return None
        return Lungs(mask > 0, lesion, findings)

    def _save(self, file: Path, lungs: Lungs) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, lungs.mask.astype(np.uint8) * 255)
        if lungs.lesion is not None:
            _write(self._lesion_file(file), lungs.lesion)
        if lungs.findings is not None:
            buffer = io.BytesIO()
            np.save(buffer, lungs.findings)
            write_whole(file.with_suffix(".npy"), buffer.getvalue())


def _read(file: Path, shape: tuple[int, int]) -> NDArray[np.uint8] | None:
    """None where it is missing, damaged, or of an older reader: it is computed again."""
    stored = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) if file.is_file() else None
    return None if stored is None or stored.shape != shape else np.asarray(stored, np.uint8)


def _read_array(file: Path) -> NDArray[np.float32] | None:
    """None where it is missing or damaged."""
    try:
        return np.asarray(np.load(file, allow_pickle=False), np.float32)
    except (OSError, ValueError, EOFError):
        return None


def _write(file: Path, picture: NDArray[np.uint8]) -> None:
    write_whole(file, cv2.imencode(".png", picture)[1].tobytes())
