"""A DICOM Segmentation object of each DICOM input that shows lung."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lungseg.errors import UnreadableError
from lungseg.io import Input
from lungseg.io.dicom.segmentation import Algorithm, encode_segmentation
from lungseg.io.dicom.sources import read_sources
from lungseg.io.identity import IdentityPolicy
from lungseg.whole_file import remove_left, write_whole
from pipelines.masks import LESION, write_slice_mask
from pipelines.overlays import file_name, overlay_name
from pipelines.prediction import Prediction
from pipelines.results import cell
from pipelines.text import one_line

EXTENSION = ".seg.dcm"
NAMED = 5  # inputs without an object that are named one by one


class DicomSegmentations:
    """Turns the masks of an input's slices into one object, once all of its rows are there.

    That of the input ``CT`` is ``CT.seg.dcm``. Until then, and where the headers of the input allow
    none, its masks are PNG. What is done already, by a run that was cut off, is kept.
    """

    def __init__(self, folder: Path, algorithm: Algorithm, policy: IdentityPolicy) -> None:
        self.folder = folder
        self.algorithm = algorithm
        self.policy = policy
        self._counts = Counter(dict.fromkeys(("written", "not_dicom", "no_lung"), 0))
        self._refused: Counter[str] = Counter()
        self._look_at: list[str] = []

    def write_slice(self, one: Input, prediction: Prediction) -> None:
        """Keep the mask of a slice until its input is whole."""
        if one.format == "DICOM":
            write_slice_mask(prediction, self.folder)

    def write_input(self, one: Input, rows: Sequence[Sequence[str]]) -> None:
        """Write the object of an input of which these are all rows. Raises OSError."""
        if one.format != "DICOM":
            self._counts["not_dicom"] += 1
            return
        slices = {
            index: self.folder / overlay_name(one.name, index)
            for index, row in enumerate(rows)
            if cell(row, "status") != "unreadable"
        }
        if any(cell(row, "status") == "ok" for row in rows):
            file = self.folder / file_name(one.name, "", EXTENSION)
            if not file.exists():
                try:
                    lesions = any(cell(row, "lesion_fraction") for row in rows)
                    content = self._encoded(one, slices, lesions)
                # highdicom raises many kinds on headers that it does not know what to do with
                except Exception as error:
                    self._refuse(one, error)
                    return
                remove_left(file)
                write_whole(file, content)
            self._counts["written"] += 1
        else:
            self._counts["no_lung"] += 1
        for picture in slices.values():
            picture.unlink(missing_ok=True)

    def as_dict(self) -> dict[str, Any]:
        """How many were ``written``, how many inputs have none because they are ``not_dicom`` or
        show ``no_lung``, and why others were ``refused``, of which ``look_at`` names the first."""
        return {**self._counts, "refused": dict(self._refused), "look_at": self._look_at}

    def _encoded(self, one: Input, slices: Mapping[int, Path], lesions: bool) -> bytes:
        from PIL import Image, UnidentifiedImageError

        sources = read_sources(one, list(slices), self.policy)
        try:
            labels = [np.asarray(Image.open(picture), np.uint8) for picture in slices.values()]
        except (OSError, UnidentifiedImageError):
            raise UnreadableError("its masks were lost with the power of the machine") from None
        lung = [label > 0 for label in labels]
        lesion = [label == LESION for label in labels] if lesions else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of values in the source that no standard allows
            return encode_segmentation(sources, lung, lesion, self.algorithm, self.policy.keep)

    def _refuse(self, one: Input, error: Exception) -> None:
        self._refused[one_line(str(error)) or type(error).__name__] += 1
        if len(self._look_at) < NAMED:
            self._look_at.append(one.name)
