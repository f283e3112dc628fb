"""Pictures as stage 2 sees them, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from covidcls.data.learned import content_of
from covidcls.data.lung_free import lung_free_picture
from covidcls.data.mask_cache import MaskCache
from covidcls.data.pictures import LabelledPicture
from covidcls.views.lungs import Lungs
from covidcls.views.seen import Seen
from covidcls.views.view import View
from lungseg.slice import Slice
from lungseg.tensors import channels_first, resize


class Sample(TypedDict):
    """``picture`` float32 S x S or 3 x S x S in [0, 1], ``label`` 0 or 1 (or between, see
    :mod:`covidcls.data.soft_labels`), ``source`` a number."""

    picture: Tensor
    label: Tensor
    source: Tensor


class SeenPictures:
    """What stage 2 sees of each picture, by its ``view``.

    ``exact``: with pictures ``size`` x ``size`` (x 3), resized as :class:`CovidClassifier` does;
    ``roomy``: for augmentation, uint8 of a quarter more a side. One of both is filled, as
    ``augmented`` says. ``contents``: see ``content_of``. ``findings``: of each, where the view has
    them. ``lungless``: how many pictures had no lung found and stay whole. ``lung_free``: see
    ``lung_free_picture``; for the floor.
    """

    def __init__(
        self,
        pictures: Sequence[LabelledPicture],
        cache: MaskCache,
        view: View,
        size: int,
        augmented: bool = False,
    ) -> None:
        self.exact: list[Seen] = []
        self.roomy: list[NDArray[np.uint8]] = []
        self.contents: list[str] = []
        self.findings: list[NDArray[np.float32]] = []
        self.lung_free: list[NDArray[np.float32]] = []
        self.lungless = 0
        larger = size * 5 // 4

        def use(index: int, one: Slice, lungs: Lungs) -> None:
            seen = view.see(one.pixels, lungs)
            self.contents.append(content_of(one))
            self.lungless += not lungs.mask.any()
            self.lung_free.append(lung_free_picture(one.pixels, lungs.mask))
            if seen.lesions is not None:
                self.findings.append(seen.lesions.findings)
            if augmented:
                roomy = resize(seen.picture, larger)
                self.roomy.append((roomy * 255).round().astype(np.uint8))
            else:
                self.exact.append(replace(seen, picture=resize(seen.picture, size)))

        cache.each([picture.path for picture in pictures], use)


class ClassifierSlices(Dataset[Sample]):
    """What is seen, with labels and numbers of sources.

    ``compose``: an albumentations pipeline for training, which changes the greys of the first
    channel and moves all; None to measure.
    """

    def __init__(
        self,
        seen: SeenPictures,
        labels: Sequence[float],
        sources: Sequence[int],
        compose: Any | None = None,
    ) -> None:
        self.seen, self.labels, self.sources, self.compose = seen, labels, sources, compose

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Sample:
        if self.compose is None:
            picture = self.seen.exact[index].picture
        else:
            # torch's generator alone, which the loader seeds per worker and epoch
            self.compose.set_random_seed(int(torch.randint(2**31 - 1, ())))
            drawn = _augmented(self.seen.roomy[index], self.compose)
            picture = drawn.astype(np.float32) / np.float32(255)
        return Sample(
            picture=torch.from_numpy(np.ascontiguousarray(channels_first(picture))),
            label=torch.tensor(float(self.labels[index])),
            source=torch.tensor(self.sources[index]),
        )


def _augmented(picture: NDArray[np.uint8], compose: Any) -> NDArray[np.uint8]:
    if picture.ndim == 2:
        return np.asarray(compose(image=picture)["image"], np.uint8)
    drawn = compose(image=np.ascontiguousarray(picture[..., 0]), mask=picture[..., 1:])
    return np.dstack([drawn["image"], drawn["mask"]])
