"""Everything that albumentations does here; no other file imports it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it asks the network for a newer version otherwise

import albumentations as A  # noqa: E402  (after the variable that it reads at import)

Picture = NDArray[np.uint8]


def paper_augmentation(size: int) -> A.Compose:
    """Scale 0.1, rotation under 5 degrees, horizontal flip, bilinear (Tran et al. 2021)."""
    return A.Compose(
        [
            _resize(size, cv2.INTER_LINEAR),
            A.Affine(scale=(0.9, 1.1), rotate=(-5, 5), p=1.0, interpolation=cv2.INTER_LINEAR),
            A.HorizontalFlip(p=0.5),
        ]
    )


def strong_augmentation(size: int) -> A.Compose:
    """For slices of any window, scanner and figure: geometry, grey values, noise, drawings."""
    return A.Compose(
        [
            _resize(size, cv2.INTER_AREA),
            A.HorizontalFlip(p=0.5),
            A.VerticalFlip(p=0.3),
            A.RandomRotate90(p=0.2),
            A.Affine(
                scale={"x": (0.65, 1.4), "y": (0.65, 1.4)},
                rotate=(-20, 20),
                shear=(-6, 6),
                translate_percent=(-0.12, 0.12),
                fill=0,
                p=0.85,
            ),
            # whole bodies, small in a wide field of view
            A.Affine(scale=(0.45, 0.75), rotate=(-90, 90), fill=0, p=0.1),
            *_grey_values(),
            *_few_pixels(),
            A.CoarseDropout(
                num_holes_range=(1, 3),
                hole_height_range=(0.04, 0.15),
                hole_width_range=(0.04, 0.15),
                fill="random_uniform",
                p=0.12,
            ),
        ]
    )


def figure_augmentation(size: int) -> A.Compose:
    """For stage 2: what differs between two prints of one slice, so that it cannot be the class."""
    return A.Compose(
        [
            A.RandomResizedCrop(
                (size, size), scale=(0.7, 1.0), ratio=(0.8, 1.25), interpolation=cv2.INTER_AREA
            ),
            A.HorizontalFlip(p=0.5),
            A.Affine(rotate=(-12, 12), shear=(-4, 4), p=0.6),
            *_grey_values(),
            A.CoarseDropout(
                num_holes_range=(1, 4),
                hole_height_range=(0.05, 0.2),
                hole_width_range=(0.05, 0.2),
                fill=0,
                p=0.25,
            ),
        ]
    )


def style_augmentation(size: int) -> A.Compose:
    """For stage 2: every look that a slice can have, so that none can be the class.

    Geometry as :func:`figure_augmentation`, a little more of it; then window, tone curve, contrast,
    sharpness, resolution, noise, compression and marks, several of them at once.
    """
    return A.Compose(
        [
            A.RandomResizedCrop(
                (size, size), scale=(0.65, 1.0), ratio=(0.75, 1.33), interpolation=cv2.INTER_AREA
            ),
            A.HorizontalFlip(p=0.5),
            A.Affine(rotate=(-15, 15), shear=(-5, 5), p=0.7),
            _Drawn(partial(draw_window, wide=False), p=0.7),
            _Drawn(draw_curve, p=0.5),
            *_grey_values(),
            *_few_pixels(),
            _Drawn(draw_marks, p=0.25),
        ]
    )


def with_jpeg_noise(compose: A.Compose) -> A.Compose:
    """``compose``, and then most pictures through a JPEG of any quality."""
    return A.Compose([*compose.transforms, A.ImageCompression(quality_range=(35, 95), p=0.7)])


def with_smooth_masks(compose: A.Compose) -> A.Compose:
    """``compose`` for masks that are probabilities: bilinear, where labels need the nearest."""
    compose.set_mask_interpolation(cv2.INTER_LINEAR)
    return compose


class _Drawn(A.ImageOnlyTransform):
    """One of the functions ``draw(picture, rng=...)`` below, by the seed of the pipeline."""

    def __init__(self, draw: Callable[..., Picture], p: float) -> None:
        super().__init__(p=p)
        self.draw = draw

    def apply(self, img: Picture, **_: Any) -> Picture:
        return self.draw(img, rng=self.random_generator)


def _resize(size: int, how: int) -> Any:
    # see resized_masks
    exact = cv2.INTER_NEAREST_EXACT
    return A.Resize(size, size, interpolation=how, mask_interpolation=exact)


def _few_pixels() -> list[Any]:
    """Slices scaled up from thumbnails, by different interpolations."""
    return [
        A.OneOf(
            [
                A.Downscale(
                    scale_range=(0.15, 0.4),
                    interpolation_pair={"downscale": cv2.INTER_AREA, "upscale": how},
                    p=1.0,
                )
                for how in (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
            ],
            p=0.1,
        )
    ]


def _grey_values() -> list[Any]:
    return [
        A.RandomGamma(gamma_limit=(60, 160), p=0.5),
        A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.25, p=0.5),
        A.CLAHE(clip_limit=(1.0, 7.0), p=0.15),
        A.OneOf(
            [
                A.Downscale(scale_range=(0.25, 0.7), p=1.0),
                A.GaussianBlur(blur_limit=(3, 5), p=1.0),
                A.Sharpen(alpha=(0.1, 0.4), p=1.0),
            ],
            p=0.35,
        ),
        A.GaussNoise(std_range=(0.01, 0.07), p=0.25),
        A.ImageCompression(quality_range=(35, 95), p=0.3),
    ]


def draw_window(picture: Picture, wide: bool, rng: np.random.Generator) -> Picture:
    """Look at ``picture`` (uint8 H x W) through a random window.

    ``wide``: the picture spans -1024 to 600 HU, and any clinical window can be drawn, lung to
    mediastinum to dark and whole; otherwise the displayed range is narrowed, or widened until
    the picture is dark, as it is when all of a scanner's range is squeezed into 8 bits.
    """
    values = picture.astype(np.float32)
    if wide:
        dark = rng.random() < 0.1
        centre, width = rng.uniform(-750, 60), rng.uniform(350, 2200)
        if dark:
            centre, width = rng.uniform(0, 1100), rng.uniform(2200, 4400)
        scale = 255 / 1624
        low, high = (centre - width / 2 + 1024) * scale, (centre + width / 2 + 1024) * scale
    else:
        kind = rng.random()
        if kind < 0.5:
            return picture
        low, high = rng.uniform(-60, 90), rng.uniform(150, 420)
        if kind > 0.92:
            low, high = rng.uniform(-20, 30), rng.uniform(420, 1000)
    shown = np.clip((values - low) / (high - low), 0, 1) * 255
    return np.asarray(shown.round(), np.uint8)


def draw_curve(picture: Picture, rng: np.random.Generator) -> Picture:
    """``picture`` (uint8 H x W) through a random rising tone curve; every third time equalised
    before, so that its histogram becomes one that is drawn too."""
    rises = np.cumsum(rng.dirichlet(np.full(6, 3.0)))
    curve = np.interp(np.arange(256), np.linspace(0, 255, 7), np.append(0, rises) * 255)
    if rng.random() < 1 / 3:
        picture = np.asarray(cv2.equalizeHist(picture), np.uint8)
    return np.asarray(curve.round().astype(np.uint8)[picture])


def draw_marks(picture: Picture, rng: np.random.Generator) -> Picture:
    """Letters, arrows, frames and scale bars, as figures and viewers have them (uint8 H x W)."""
    marked = picture.copy()
    height, width = marked.shape
    for _ in range(int(rng.integers(1, 4))):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        x2, y2 = int(rng.integers(0, width)), int(rng.integers(0, height))
        grey = int(rng.choice([0, 255, int(rng.integers(0, 256))]))
        kind = rng.integers(0, 4)
        thick = int(rng.integers(1, 3))
        if kind == 0:
            text = "".join(rng.choice(list("ABCDRLP0123456789."), int(rng.integers(1, 6))))
            size = float(rng.uniform(0.3, 1.1))
            cv2.putText(marked, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, grey, thick)
        elif kind == 1:
            tip = (int(np.clip(x + rng.integers(-40, 41), 0, width)), y2 // 8 + y * 7 // 8)
            cv2.arrowedLine(marked, (x, y), tip, grey, thick, tipLength=0.4)
        elif kind == 2:
            edge = int(rng.integers(2, max(3, height // 12)))
            side = int(rng.integers(0, 4))
            np.rot90(marked, side)[:edge] = grey  # a view: one of the four sides
        else:
            cv2.rectangle(marked, (x, y), ((x + x2) // 2, (y + y2) // 2), grey, 1)
    return marked
