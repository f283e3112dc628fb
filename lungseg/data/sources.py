"""Training sources of stage 1, read whole into memory as 8-bit pictures with their masks."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.cleaning import clean_mask
from lungseg.data.corrections import Step, corrected
from lungseg.errors import UnreadableError, UsageError
from lungseg.io import read_slices
from lungseg.io.masks import Target, read_labels, target_of
from lungseg.shrinking import shrunk, shrunk_shape
from lungseg.threshold import threshold_lungs

LUNG, LESION = 0, 1
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
WIDE_WINDOW = (-1024.0, 600.0)  # HU from and to: what 8 bits of a wide slice stand for
BLOCK = 10  # neighbouring numbers that may be one patient where nobody knows
# Of a component: holes in the mask of a threshold are tumours and hila, the heart is larger
FILLED = 0.1


@dataclass(frozen=True, eq=False)
class MaskedSlice:
    """One training slice.

    ``picture``: uint8 H x W; ``wide`` when it spans ``WIDE_WINDOW``, so that any window can be
    drawn from it. ``masks``: uint8 H x W x 2 (lung, lesion), 0 or 1; ``known``: which of both are
    true labels. ``chest``: 1 axial body CT, 0 another picture, None not said. ``patient``: the
    group that must not straddle a split. ``volume``: the scan, where slices of it follow in order.
    """

    name: str
    patient: str
    picture: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    known: tuple[bool, bool]
    chest: int | None
    wide: bool = False
    volume: str = ""

    @property
    def stem(self) -> str:
        """The file's name without folders and suffix."""
        last = self.name.rpartition("/")[2]
        suffix = PurePosixPath(last).suffix
        return last.removesuffix(suffix) if suffix.lower() in PICTURES else last


def _read_grey(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    if picture is None:
        raise UsageError(f"cannot read the training picture {path}; check that it is complete")
    if picture.dtype != np.uint8:  # stretched from its own range, as in use
        return (next(read_slices(path)).pixels * 255).round().astype(np.uint8)
    return np.asarray(picture, np.uint8)


def _read_mask(path: Path, target: Target) -> NDArray[np.uint8]:
    try:
        labels = next(read_labels(path))
    except UnreadableError as error:
        raise UsageError(f"cannot read the mask {path}: {error}") from error
    return target_of(labels, target)[0].astype(np.uint8)


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(
            f"there is no folder {folder}; the set should have images/ and lung_masks/"
        )
    found = {p.stem: p for p in sorted(folder.iterdir()) if p.suffix.lower() in PICTURES}
    if not found:
        raise UsageError(f"no picture in {folder}; expected files such as 0000.png")
    return found


def _table(root: Path) -> dict[str, dict[str, str]]:
    path = root / "slices.csv"
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as file:  # Excel begins it with a mark
        rows = csv.DictReader(file)
        if "slice" not in (rows.fieldnames or ()):
            raise UsageError(
                f"{path} has no column slice, for the stems of the pictures; it has "
                f"{', '.join(rows.fieldnames or ()) or 'none'}"
            )
        return {row["slice"]: row for row in rows}


def resized_masks(masks: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """``masks`` (uint8 H x W or H x W x C, 0 or 1) in another ``shape`` (height, width).

    By the pixel whose centre is nearest. OpenCV's plain nearest takes the one to the upper left,
    which shifts a mask of 384 pixels by a third of a pixel on its way to 256.
    """
    how = cv2.INTER_NEAREST_EXACT
    return np.asarray(cv2.resize(masks, shape[::-1], interpolation=how), np.uint8)


def _shrunk_masks(masks: Sequence[NDArray[np.uint8]], size: int) -> NDArray[np.uint8]:
    both = np.dstack(masks)
    return resized_masks(both, shrunk_shape(both.shape, size))


def read_mask_folder(root: Path, size: int, name: str) -> list[MaskedSlice]:
    """``images/`` and ``lung_masks/`` paired by stem, with ``infection_masks/`` where it exists.

    ``slices.csv`` gives ``patient``; without it each ten neighbours count as one patient. In an
    infection mask of several classes 1 is ground glass and 2 consolidation (lesion), 3 effusion
    (none); a 1-bit mask (0 and 1, or 0 and 255) is all lesion. Raises UsageError for slices
    without lung mask, masks of another size than their picture, and unreadable files.
    """
    images, lungs = _by_stem(root / "images"), _by_stem(root / "lung_masks")
    lesions = _by_stem(root / "infection_masks") if (root / "infection_masks").is_dir() else {}
    missing = sorted(images.keys() - lungs.keys())
    if missing:
        raise UsageError(
            f"{len(missing)} slices in {root} have no lung mask (first: {missing[0]}); add them"
        )
    table = _table(root)
    slices = []
    for index, (stem, path) in enumerate(images.items()):
        picture = _read_grey(path)
        lung = _read_mask(lungs[stem], "lung")
        lesion = np.zeros_like(lung)
        if stem in lesions:
            lesion = _read_mask(lesions[stem], "lesion")
        if not picture.shape == lung.shape == lesion.shape:
            raise UsageError(
                f"the masks of slice {stem} in {root} have not the size of their picture "
                f"(lung {lung.shape}, lesion {lesion.shape}, picture {picture.shape}, as H, W)"
            )
        row = table.get(stem, {})
        patient = row.get("patient", f"block-{index // BLOCK:03d}")
        slices.append(
            MaskedSlice(
                name=f"{name}/{stem}",
                patient=f"{name}/{patient}",
                picture=shrunk(picture, size),
                masks=_shrunk_masks([lung, lesion], size),
                known=(True, stem in lesions),
                chest=1,
                volume=f"{name}/{row.get('volume', patient)}",
            )
        )
    return slices


def read_hu_folder(
    root: Path,
    size: int,
    name: str,
    hu_offset: float,
    corrections: Mapping[str, Sequence[Step]] = MappingProxyType({}),
    lesions_in: Collection[str] | None = None,
) -> list[MaskedSlice]:
    """16-bit pictures of value HU + ``hu_offset`` in ``images/``; masks by threshold.

    ``slices.csv`` gives ``patient`` and ``has_lung``: 0 is an empty mask. ``corrections``: what a
    person changed of the threshold masks. ``lesions_in``: stems that may show lesions, which nobody
    outlined; all others show none. None: no slice is said to be free of them. Raises UsageError
    for stems that no slice has, and for pictures of other than 16 bits.
    """
    table = _table(root)
    slices = []
    paths = _by_stem(root / "images")
    unknown = {*corrections, *(lesions_in or ())} - paths.keys()
    if unknown:
        raise UsageError(f"{root} has no slice {', '.join(sorted(unknown))} to correct or to mark")
    for stem, path in paths.items():
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if stored is None or stored.dtype != np.uint16:
            raise UsageError(
                f"{path} is no 16-bit picture, so its values cannot be HU + {hu_offset}"
            )
        hu = stored.astype(np.float32) - hu_offset
        lung = np.zeros(hu.shape, np.uint8)
        if table.get(stem, {}).get("has_lung") != "0":
            by_threshold = corrected(threshold_lungs(hu), hu, stem, corrections)
            found = clean_mask(by_threshold.astype(np.float32), max_hole=FILLED)
            lung = found.astype(np.uint8)
        low, high = WIDE_WINDOW
        picture = np.clip((hu - low) / (high - low) * 255, 0, 255).round().astype(np.uint8)
        slices.append(
            MaskedSlice(
                name=f"{name}/{stem}",
                patient=f"{name}/{table.get(stem, {}).get('patient', stem)}",
                picture=shrunk(picture, size),
                masks=_shrunk_masks([lung, np.zeros_like(lung)], size),
                known=(True, not lung.any() or _is_clear(stem, lesions_in)),
                chest=1,
                wide=True,
            )
        )
    return slices


def _is_clear(stem: str, lesions_in: Collection[str] | None) -> bool:
    return lesions_in is not None and stem not in lesions_in


def read_foreign_folder(
    root: Path, size: int, name: str, body: Sequence[str] = ()
) -> list[MaskedSlice]:
    """Pictures without lung, in any sub-folders: empty masks, ``chest`` 0.

    ``body``: sub-folders of axial body CT without chest, where ``chest`` is not said.
    """
    slices = []
    for path in sorted(p for p in root.rglob("*") if p.suffix.lower() in PICTURES):
        relative = path.relative_to(root)
        picture = shrunk(_read_grey(path), size)
        slices.append(
            MaskedSlice(
                name=f"{name}/{relative.as_posix()}",
                patient=f"{name}/{relative.as_posix()}",
                picture=picture,
                masks=np.zeros((*picture.shape, 2), np.uint8),
                known=(True, True),
                chest=None if relative.parts[0] in body else 0,
            )
        )
    if not slices:
        raise UsageError(f"no picture in {root}; expected PNG, JPEG, TIFF or BMP files")
    return slices


def reformats(slices: Sequence[MaskedSlice], every: int = 24) -> list[MaskedSlice]:
    """Pictures that are no axial slices, from axial volumes: projections, coronal, sagittal.

    ``slices``: of one or more volumes, each in its order. The mean along the
    antero-posterior axis looks like a chest radiograph. Their masks are empty and known, ``chest``
    is 0. ``every``: one reformat for so many rows and columns.
    """
    made: list[MaskedSlice] = []
    for volume in dict.fromkeys(s.volume for s in slices):
        stack = [s for s in slices if s.volume == volume and s.picture.shape == (256, 256)]
        if len(stack) < 20:
            continue
        stacked = np.stack([s.picture for s in stack])[::-1]  # head first
        views: list[tuple[str, NDArray[np.floating | np.uint8]]] = [
            ("frontal", stacked.mean(axis=1)),
            ("lateral", stacked.mean(axis=2)),
        ]
        views += [(f"coronal-{row}", stacked[:, row]) for row in range(64, 192, every)]
        views += [(f"sagittal-{column}", stacked[:, :, column]) for column in range(64, 192, every)]
        for view, picture in views:
            low, high = np.percentile(picture, (1, 99))
            stretched = np.clip((picture - low) / max(high - low, 1) * 255, 0, 255)
            square = cv2.resize(stretched.astype(np.uint8), (256, 256))
            made.append(
                MaskedSlice(
                    name=f"{volume}/{view}",
                    patient=stack[0].patient,
                    picture=np.asarray(square, np.uint8),
                    masks=np.zeros((256, 256, 2), np.uint8),
                    known=(True, True),
                    chest=0,
                )
            )
    return made
