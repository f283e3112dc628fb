"""Picture and mask move together, and what is drawn stays a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lungseg.augmentation import (
    draw_curve,
    draw_marks,
    draw_window,
    figure_augmentation,
    paper_augmentation,
    strong_augmentation,
    style_augmentation,
    with_jpeg_noise,
    with_smooth_masks,
)


def drawing() -> NDArray[np.uint8]:
    """A lopsided shape of 0 and 255: any flip, turn or shift of it is another picture."""
    picture = np.zeros((96, 96), np.uint8)
    picture[20:60, 15:45] = 255
    picture[60:80, 30:70] = 255
    picture[30:40, 60:75] = 255
    return picture


def geometry_of(make: Callable[[int], Any]) -> Any:
    """The same augmentation without the steps that change grey values of pixels in place."""
    import albumentations as A

    whole = make(96)
    return A.Compose(
        [
            step
            for step in whole.transforms
            if isinstance(step, A.DualTransform) and not isinstance(step, A.CoarseDropout)
        ]
    )


@pytest.mark.parametrize("make", [paper_augmentation, strong_augmentation])
@settings(max_examples=40)
@given(seed=st.integers(0, 2**31 - 1))
def test_picture_and_mask_move_together(make: Callable[[int], Any], seed: int) -> None:
    picture = drawing()
    compose = geometry_of(make)
    compose.set_random_seed(seed)
    both = compose(image=picture, mask=np.dstack([picture // 255, 1 - picture // 255]))
    lung = both["mask"][..., 0]
    # the picture is interpolated and the mask is not: they differ along edges only
    assert ((both["image"] > 127) != (lung > 0)).mean() < 0.04
    assert set(np.unique(both["mask"])) <= {0, 1}
    assert not (lung & both["mask"][..., 1]).any()


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    compose = strong_augmentation(64)

    def draw(seed: int) -> NDArray[np.uint8]:
        compose.set_random_seed(seed)
        drawn: NDArray[np.uint8] = compose(image=drawing())["image"]
        return drawn

    assert np.array_equal(draw(5), draw(5))
    assert not np.array_equal(draw(5), draw(6))


def test_the_paper_turns_under_five_degrees_and_scales_by_a_tenth() -> None:
    compose = paper_augmentation(128)
    square = np.zeros((128, 128), np.uint8)
    square[32:96, 32:96] = 255
    for seed in range(40):
        compose.set_random_seed(seed)
        drawn = compose(image=square)["image"] > 127
        assert 0.88**2 < drawn.sum() / 64**2 < 1.12**2
        columns = np.flatnonzero(drawn.any(axis=0))
        # a square of 64 pixels turned by 5 degrees is 69 pixels wide
        assert columns[-1] - columns[0] + 1 <= 64 * 1.1 * 1.09 + 2


@pytest.mark.parametrize(
    "make", [paper_augmentation, strong_augmentation, figure_augmentation, style_augmentation]
)
@pytest.mark.parametrize("shape", [(40, 90), (1, 1), (300, 200)])
def test_every_augmentation_gives_an_8_bit_picture_of_the_size(
    make: Callable[[int], Any], shape: tuple[int, int]
) -> None:
    compose = make(64)
    for seed in range(12):
        compose.set_random_seed(seed)
        drawn = compose(image=np.full(shape, 77, np.uint8))["image"]
        assert drawn.shape == (64, 64)
        assert drawn.dtype == np.uint8


@pytest.mark.parametrize("wide", [False, True])
def test_windows_keep_the_order_of_densities(wide: bool) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    for seed in range(30):
        shown = draw_window(ramp, wide, np.random.default_rng(seed))
        assert shown.dtype == np.uint8
        assert (np.diff(shown.astype(int)) >= 0).all()
        assert shown.max() > shown.min()


def test_marks_leave_most_of_the_picture_and_the_original_alone() -> None:
    picture = drawing()
    changed = []
    for seed in range(60):
        marked = draw_marks(picture, np.random.default_rng(seed))
        assert marked.shape == picture.shape
        changed.append((marked != picture).mean())
    assert np.array_equal(picture, drawing())
    assert max(changed) < 0.6
    assert np.mean(np.array(changed) > 0) > 0.8


def test_tone_curves_keep_the_order_of_densities_and_differ() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    curves = [draw_curve(ramp, np.random.default_rng(seed)) for seed in range(30)]
    for curve in curves:
        assert curve.dtype == np.uint8
        assert (np.diff(curve.astype(int)) >= 0).all()
    assert np.std([curve[0, 128] for curve in curves]) > 20


def test_style_changes_greys_by_seed_and_masks_by_geometry_alone() -> None:
    compose = with_smooth_masks(style_augmentation(96))
    picture = drawing() // 2 + 40
    lung = drawing()[..., None]
    looks = set()
    for seed in range(12):
        compose.set_random_seed(seed)
        both = compose(image=picture, mask=lung)
        assert both["mask"].shape[:2] == both["image"].shape == (96, 96)
        # bright inside and dark outside still: the mask lies where the picture's shape does
        inside = both["mask"].reshape(96, 96) > 127
        assert np.median(both["image"][inside]) >= np.median(both["image"][~inside])
        looks.add(int(np.median(both["image"][inside])))
    assert len(looks) > 8


def test_masks_that_are_probabilities_have_no_steps() -> None:
    """A ramp, turned and scaled, is a ramp again; by the nearest pixel it would have stairs."""
    ramp = np.tile(np.linspace(0, 255, 32).astype(np.uint8), (32, 1))

    def levels(compose: Any) -> int:
        compose.set_random_seed(1)
        return len(np.unique(compose(image=ramp, mask=ramp)["mask"]))

    assert levels(with_smooth_masks(paper_augmentation(128))) > 2 * levels(paper_augmentation(128))


def test_jpeg_noise_spoils_most_pictures_a_little() -> None:
    import albumentations as A

    compose = with_jpeg_noise(A.Compose([A.NoOp()]))
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 64)).astype(np.uint8)
    changes = []
    for seed in range(40):
        compose.set_random_seed(seed)
        changes.append(np.abs(compose(image=picture)["image"].astype(int) - picture).mean())
    assert 0.4 < np.mean(np.array(changes) > 0) < 0.95
    assert max(changes) < 60
