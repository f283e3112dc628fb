"""Slices with their true masks, read from pairs of files one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.evaluation.pairs import Pair
from lungseg.io import read_slices
from lungseg.io.masks import Target, fractions_in, labels_of, read_labels, target_of
from lungseg.io.volumes import read_volume, voxels_apart
from lungseg.slice import Slice


@dataclass(frozen=True, eq=False)
class Labelled:
    """A slice with its ``truth`` (bool H x W), or the ``error`` that it cannot be judged for.

    ``position``: of its pair, from 0. ``index``: from 0 within the case. ``values``: those of its
    mask.
    """

    position: int
    case: str
    index: int
    slice: Slice | None = None
    truth: NDArray[np.bool_] | None = None
    error: str = ""
    values: tuple[int, ...] = ()


def read_labelled(
    pairs: Sequence[Pair],
    target: Target,
    hu_offset: float | None = None,
    chosen: Collection[int] = (),
) -> Iterator[Labelled]:
    """Every slice of every pair in order, of volumes from the lowest up.

    What cannot be read or does not fit together is one item with an error. Only one volume with
    its mask is in memory at a time. ``hu_offset``: see ``read_slices``. ``chosen``: see
    ``target_of``.
    """
    for position, pair in enumerate(pairs):
        index = 0
        try:
            for slice_, labels in _volume(pair) if pair.is_volume else _pictures(pair, hu_offset):
                truth, assumed = target_of(labels, target, chosen, pair.is_volume)
                if assumed:
                    slice_ = replace(slice_, messages=(*slice_.messages, assumed))
                values = tuple(np.unique(labels).tolist())
                yield Labelled(position, pair.case, index, slice_, truth, values=values)
                index += 1
        except UnreadableError as error:
            # the row names the case already; where its files lie is not the report's business
            said = str(error)
            for path in (pair.image, pair.mask):
                said = said.replace(str(path), path.name)
            yield Labelled(position, pair.case, index, error=said)


def _pictures(pair: Pair, hu_offset: float | None) -> Iterator[tuple[Slice, NDArray[np.uint8]]]:
    images = read_slices(pair.image, hu_offset)
    for slice_, labels in zip_longest(images, read_labels(pair.mask)):
        if slice_ is None or labels is None:
            raise UnreadableError("image and mask have not the same number of pages")
        _check_size(slice_.shape, labels.shape)
        yield slice_, labels


def _volume(pair: Pair) -> Iterator[tuple[Slice, NDArray[np.uint8]]]:
    image, mask = read_volume(pair.image), read_volume(pair.mask)
    said = mask.messages
    if mask.stored.shape != image.stored.shape or voxels_apart(image, mask) > 1:
        # many tools write a mask without the affine of its image, but in its voxels
        mask = read_volume(pair.mask, image.file_affine)
        said = ("the header of the mask lies elsewhere: it is laid on the image voxel by voxel",)
    _check_size(image.stored.shape, mask.stored.shape)
    for index, slice_ in enumerate(image.slices()):
        values = mask.values(index)
        messages = tuple(dict.fromkeys((*slice_.messages, *said, *fractions_in(values))))
        yield replace(slice_, messages=messages), labels_of(values)


def _check_size(image: tuple[int, ...], mask: tuple[int, ...]) -> None:
    if image != mask:
        seen, true = (" x ".join(str(side) for side in reversed(one)) for one in (image, mask))
        raise UnreadableError(f"the image is {seen} and its mask {true}; export both in one size")
