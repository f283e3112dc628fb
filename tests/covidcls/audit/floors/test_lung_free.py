"""Without lungs: what stands in them is not seen, what stands beside them is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.audit.floors.lung_free import lung_free_features
from covidcls.data.mask_cache import MaskCache
from lungseg.segmenter import LungSegmenter

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def cache(tiny_weights: Path, tmp_path: Path) -> MaskCache:
    segmenter = LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu")
    return MaskCache(segmenter, tmp_path / "cache")


def test_only_what_stands_beside_the_lungs_is_seen(
    cache: MaskCache, drawn_slice: Draw, tmp_path: Path
) -> None:
    plain, within, beside = drawn_slice(), drawn_slice(), drawn_slice()
    within[within == 10] = 25
    beside[:10] = 0
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for path, drawn in zip(paths, (plain, within, beside), strict=True):
        Image.fromarray(drawn).save(path)
    published, decoded = lung_free_features(paths, cache)
    assert (published.neutral, decoded.neutral) == (False, True)
    for one, noise in ((published, 0), (decoded, 0.02)):  # JPEG rings around the lungs
        assert one.values.shape == (3, 24 * 24)
        assert np.abs(one.values[1] - one.values[0]).max() <= noise
        assert np.abs(one.values[2] - one.values[0]).max() > 0.5


def test_a_picture_without_lungs_stays_whole_and_is_counted(
    cache: MaskCache, tmp_path: Path
) -> None:
    Image.fromarray(np.full((96, 96), 200, np.uint8)).save(tmp_path / "flat.png")
    published, decoded = lung_free_features([tmp_path / "flat.png"], cache)
    assert np.allclose(published.values, 200 / 255)
    assert "(1 whole, as no lung was found)" in published.saw
    assert published.saw == decoded.saw
