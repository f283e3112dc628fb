"""What both stages say of labelled pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from covidcls.data.learned import content_of
from covidcls.data.pictures import LabelledPicture
from lungseg.errors import UnreadableError
from lungseg.io import read_slices
from lungseg.slice import Slice
from pipelines.evaluation_rows import row_of_prediction
from pipelines.prediction import Prediction, Status, unreadable
from pipelines.run_identity import relative
from pipelines.still_there import check_there

if TYPE_CHECKING:
    from pipelines.two_stage import TwoStagePipeline


@dataclass(frozen=True)
class Judged:
    """A slice of a labelled picture and what was said of it, whatever the status.

    ``row``: see :func:`pipelines.evaluation_rows.row_of_prediction`. ``content``: see
    :func:`covidcls.data.learned.content_of`; empty of an unreadable one.
    """

    picture: LabelledPicture
    path: str
    status: Status
    probability: float | None
    message: str
    row: tuple[str, ...]
    content: str

    @classmethod
    def of(cls, picture: LabelledPicture, prediction: Prediction, content: str) -> Judged:
        """Of a prediction, whose masks are let go: all slices are held at once."""
        return cls(
            picture,
            prediction.path,
            prediction.status,
            prediction.probability,
            prediction.message,
            row_of_prediction(prediction, picture.label, picture.patient),
            content,
        )


def predict_labelled(
    pipeline: TwoStagePipeline,
    pictures: Sequence[LabelledPicture],
    root: Path,
    batch_size: int = 16,
    progress: Callable[[int, int], object] | None = None,
    hu_offset: float | None = None,
) -> list[Judged]:
    """Every slice of every picture in order; the paths of the predictions are below ``root``.

    ``hu_offset``: see :func:`lungseg.io.read_slices`. ``progress(done, total)`` is called with
    numbers of pictures. Raises LungsegError when a folder of pictures has gone.
    """
    judged: list[Judged] = []
    items = _slices(pictures, hu_offset)
    while chunk := list(islice(items, batch_size)):
        slices = [one for _, one, _ in chunk if one is not None]
        predictions = iter(pipeline.predict(slices, batch_size))
        for position, one, error in chunk:
            picture = pictures[position]
            if one is None:
                path = relative(picture.path, root)
                said = error.replace(str(picture.path), path)
                prediction = unreadable(path, 0, pipeline.threshold, said)
            else:
                path = relative(Path(one.source.path), root)  # of the file in an archive
                prediction = replace(next(predictions), path=path, slice=one.source.index)
            content = "" if one is None else content_of(one)
            judged.append(Judged.of(picture, prediction, content))
        if progress:
            progress(chunk[-1][0] + 1, len(pictures))
    return judged


def _slices(
    pictures: Sequence[LabelledPicture], hu_offset: float | None
) -> Iterator[tuple[int, Slice | None, str]]:
    """(position of its picture, slice, or None and why it could not be decoded)."""
    for position, picture in enumerate(pictures):
        try:
            for one in read_slices(picture.path, hu_offset):
                yield position, one, ""
        except UnreadableError as error:
            check_there([picture.path])
            yield position, None, str(error)
