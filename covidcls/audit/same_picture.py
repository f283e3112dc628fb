"""Whether two pictures are the same one: aligned, then correlated tile by tile.

Two slices of one patient, or the same level of two patients, agree in outline and differ in every
vessel; copies agree in the vessels and differ where an arrow or a letter was put. So the pictures
are aligned (shift, scale, a little shear: a crop, a change of aspect), fine structure is correlated
in 8 x 8 tiles, and the tile that 70 % of the others surpass decides.

The constants were chosen by looking at the pairs found in two published sets, and at copies planted
there: 98 % of the re-compressed, cropped, re-toned copies and of those at half the scale with
arrows score above 0.95, slices next to each other in one patient 0.94 at most, slices of two
patients 0.3. The same slice through another window is near the line, and a person may see it so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.traces import resized

SAME = 0.95  # similarity from which two pictures are called copies

_TILES = 8  # along each side
_SPOILED = 0.3  # share of the tiles that may disagree: arrows, letters
_FEWEST_TILES = 8  # with structure in them; fewer tell nothing
_FLAT = 6.0  # grey levels: the standard deviation below which a tile has no structure
_COVERED = 0.6  # share of a tile that the other picture must cover

# sides of the pictures, in pixels: for a first glance, for alignment, the least for comparison
_GLANCE, _ALIGN, _LEAST = 48, 128, 64
_WORTH_A_LOOK = 0.75  # at first glance, copies were seen to score 0.88 and more
_STEPS = 30
_MOST_STRETCH, _MOST_SHEAR = 0.2, 0.06

# Fine structure: what is broader than 0.6 pixel (that is noise, and traces of compression) and
# finer than 1/64 of the picture (broader, neighbouring slices agree).
_FINEST, _BROADEST = 0.6, 1 / 64

Picture = NDArray[np.float32]
Warp = NDArray[np.float32]  # 2 x 3, takes points (x, y, 1) of the one picture to the other
Tiles = NDArray[np.float32]  # _TILES x _TILES, NaN where a tile tells nothing


def similarity(a: NDArray[np.uint8], b: NDArray[np.uint8], detail: int) -> float:
    """How much two square pictures (uint8, of one side) are the same, 0 to 1.

    ``detail``: the shorter side, in pixels, of the coarser of the two originals. 0 where they
    cannot be laid on each other by a stretch of up to 1.2, or have too little structure. A mirrored
    or turned picture counts as another one.
    """
    warp = _aligned(a, b, np.eye(2, 3, dtype=np.float32), _GLANCE, blur=3)
    if warp is None or _vote(_tiles(*_laid(a, b, warp, _GLANCE))) < _WORTH_A_LOOK:
        return 0.0
    side = _whole_tiles(min(detail, _ALIGN))
    warp = _aligned(a, b, _at_side(warp, _GLANCE, side), side, blur=5)
    if warp is None:
        return 0.0
    tiles = _tiles(*_laid(a, b, warp, side))
    if np.isnan(tiles).all():
        return 0.0
    # once more without the tiles that disagree most, where an arrow may have pulled
    agreeing = ~(tiles < np.nanquantile(tiles, _SPOILED))
    better = _aligned(a, b, warp, side, blur=3, agreeing=agreeing)
    full = _whole_tiles(detail)
    warp = _at_side(warp if better is None else better, side, full)
    return max(0.0, _vote(_tiles(*_laid(a, b, warp, full), fine=True)))


def _vote(tiles: Tiles) -> float:
    """The correlation that all but the spoiled tiles reach; 0 where too few tell anything."""
    told = tiles[~np.isnan(tiles)]
    return float(np.quantile(told, _SPOILED)) if len(told) >= _FEWEST_TILES else 0.0


def _aligned(
    a: NDArray[np.uint8],
    b: NDArray[np.uint8],
    warp: Warp,
    side: int,
    blur: int,
    agreeing: NDArray[np.bool_] | None = None,
) -> Warp | None:
    """The affine warp from ``a`` to ``b`` that correlates them best, from ``warp`` on; both at
    ``side``, smoothed over ``blur`` pixels. ``agreeing``: tiles of ``a`` that count.

    Enhanced correlation coefficient (Evangelidis & Psarakis 2008). None where it does not converge
    or stretches too much.
    """
    import cv2

    mask: NDArray[Any] = np.ones((side, side), np.uint8)
    if agreeing is not None:
        tile = side // _TILES
        pixels = np.kron(agreeing, np.ones((tile, tile))).astype(np.uint8)
        mask = np.asarray(cv2.warpAffine(pixels, warp, (side, side), flags=cv2.INTER_NEAREST))
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, 1e-4)
    try:
        _, found = cv2.findTransformECC(
            _as_float(a, side),
            _as_float(b, side),
            warp.copy(),  # it is changed in place
            cv2.MOTION_AFFINE,
            until,
            mask,
            blur,
        )
    except cv2.error:  # how it says that it did not converge
        return None
    change = np.abs(found[:, :2] - np.eye(2))
    possible = change.max() <= _MOST_STRETCH and max(change[0, 1], change[1, 0]) <= _MOST_SHEAR
    return np.asarray(found, np.float32) if possible else None


def _laid(
    a: NDArray[np.uint8], b: NDArray[np.uint8], warp: Warp, side: int
) -> tuple[Picture, Picture, NDArray[np.bool_]]:
    """``a``, ``b`` laid on it, and where ``b`` covers it; side x side."""
    import cv2

    size = (side, side)
    one, other = _as_float(a, side), _as_float(b, side)
    covered = cv2.warpAffine(
        np.ones_like(other), warp, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    laid = cv2.warpAffine(
        other,
        warp,
        size,
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,  # linear would blur one of the two
        borderMode=cv2.BORDER_REPLICATE,
    )
    return one, np.asarray(laid, np.float32), np.asarray(covered > 0.99)


def _tiles(one: Picture, other: Picture, covered: NDArray[np.bool_], fine: bool = False) -> Tiles:
    """Correlation in each tile, -1 to 1; NaN where it is hardly covered, or flat in one of them:
    another window or contrast takes the structure out of bright and dark tiles."""
    side = len(one)
    tile = side // _TILES

    def total(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return values.reshape(_TILES, tile, _TILES, tile).sum(axis=(1, 3))

    weight = covered.astype(np.float32)
    count = np.maximum(total(weight), 1)

    def covariance(x: Picture, y: Picture) -> NDArray[np.float32]:
        means = total(x * weight) * total(y * weight) / count**2
        return total(x * y * weight) / count - means

    structure = np.minimum(covariance(one, one), covariance(other, other))
    if fine:
        one, other = _fine_structure(one), _fine_structure(other)
    variances = np.maximum(covariance(one, one), 1e-2) * np.maximum(covariance(other, other), 1e-2)
    tells = (structure >= _FLAT**2) & (total(weight) >= _COVERED * tile**2)
    return np.where(tells, covariance(one, other) / np.sqrt(variances), np.float32(np.nan))


def _fine_structure(picture: Picture) -> Picture:
    import cv2

    sharp = cv2.GaussianBlur(picture, (0, 0), _FINEST)
    broad = cv2.GaussianBlur(sharp, (0, 0), _BROADEST * len(picture))
    return np.asarray(sharp - broad, np.float32)


def _at_side(warp: Warp, old: int, new: int) -> Warp:
    """The same warp between pictures of another size; pixels are points at their centres."""
    factor = new / old
    scaled = warp.copy()
    scaled[:, 2] = factor * warp[:, 2] + (factor - 1) / 2 * (1 - warp[:, :2].sum(axis=1))
    return scaled


def _whole_tiles(side: int) -> int:
    """The largest multiple of the number of tiles up to ``side``, and at least _LEAST."""
    return max(side, _LEAST) // _TILES * _TILES


def _as_float(picture: NDArray[Any], side: int) -> Picture:
    return resized(picture, side).astype(np.float32)
