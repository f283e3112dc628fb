"""Pictures as stage 2 sees them, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from covidcls.data.lung_free import lung_free_picture
from covidcls.data.mask_cache import MaskCache
from covidcls.data.pictures import LabelledPicture
from covidcls.views.lungs import Lungs
from covidcls.views.view import View
from lungseg.regions import Region
from lungseg.slice import Slice
from lungseg.tensors import resize


class Sample(TypedDict):
    """``picture`` float32 S x S in [0, 1], ``label`` 0 or 1."""

    picture: Tensor
    label: Tensor


class RegionViews:
    """One region of each picture, cut by its mask.

    ``exact``: float32 ``size`` x ``size`` in [0, 1], resized as :class:`CovidClassifier` does.
    ``roomy``: uint8 of a quarter more a side, for augmentation. ``lungless``: how many pictures
    had no lung found and stay whole. ``lung_free``: see ``lung_free_picture``; for the floor.
    """

    def __init__(
        self,
        pictures: Sequence[LabelledPicture],
        cache: MaskCache,
        region: Region,
        margin: int,
        size: int,
    ) -> None:
        self.exact: list[NDArray[np.float32]] = []
        self.roomy: list[NDArray[np.uint8]] = []
        self.lung_free: list[NDArray[np.float32]] = []
        self.lungless = 0
        larger = size * 5 // 4

        def use(index: int, one: Slice, lungs: Lungs) -> None:
            view = View(region, margin).see(one.pixels, lungs)
            self.lungless += not lungs.mask.any()
            self.exact.append(resize(view, size))
            self.roomy.append((resize(view, larger) * 255).round().astype(np.uint8))
            self.lung_free.append(lung_free_picture(one.pixels, lungs.mask))

        cache.each([picture.path for picture in pictures], use)


class ClassifierSlices(Dataset[Sample]):
    """Views with labels; ``compose``: an albumentations pipeline for training, None to measure."""

    def __init__(
        self, views: RegionViews, labels: Sequence[int], compose: Any | None = None
    ) -> None:
        self.views, self.labels, self.compose = views, labels, compose

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Sample:
        if self.compose is None:
            picture = torch.from_numpy(self.views.exact[index])
        else:
            # torch's generator alone, which the loader seeds per worker and epoch
            self.compose.set_random_seed(int(torch.randint(2**31 - 1, ())))
            drawn = self.compose(image=self.views.roomy[index])["image"]
            picture = torch.from_numpy(drawn).float() / 255
        return Sample(picture=picture, label=torch.tensor(float(self.labels[index])))
