"""Which image belongs to which mask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lungseg.errors import UsageError
from lungseg.io import find_inputs
from lungseg.io.formats import format_of_name, stem_of
from lungseg.io.volumes import VOLUME_SUFFIXES

READ_HERE = ("PNG", "JPEG", "TIFF", "BMP", "NIfTI")


@dataclass(frozen=True)
class Pair:
    """An image and its mask; ``case`` is their common name, POSIX below the folder, no suffix."""

    case: str
    image: Path
    mask: Path

    @property
    def is_volume(self) -> bool:
        """Whether the image is a NIfTI volume by its name."""
        return self.image.name.lower().endswith(VOLUME_SUFFIXES)


@dataclass(frozen=True)
class Pairs:
    """The pairs by name, and the names of images and masks that are alone."""

    pairs: tuple[Pair, ...]
    images_without_mask: tuple[str, ...] = ()
    masks_without_image: tuple[str, ...] = ()

    @property
    def cases(self) -> list[str]:
        """The names of all images, those without mask too."""
        return [*(pair.case for pair in self.pairs), *self.images_without_mask]

    @property
    def sha256(self) -> str:
        """Of the bytes of all pairs: by it two evaluations are known as of the same data."""
        digest = hashlib.sha256()
        for pair in self.pairs:
            for path in (pair.image, pair.mask):
                digest.update(_digest(path))
        return digest.hexdigest()


def find_pairs(images: Path, masks: Path) -> Pairs:
    """Files of two folders (or two files) whose paths below them differ in the suffix alone.

    Files are pictures and NIfTI volumes; see ``find_inputs``. Raises UsageError when a folder is
    missing, has none, or has one of another format, both are one, two files of a folder have one
    name, or nothing pairs.
    """
    if images.resolve() == masks.resolve():
        raise UsageError(f"{images} is given for images and masks; give the folder of the masks")
    of_image, of_mask = _by_case(images), _by_case(masks)
    common = sorted(of_image.keys() & of_mask.keys())
    if not common:
        raise UsageError(
            f"no image pairs with a mask: they need the same name up to the suffix, but {images} "
            f"has {next(iter(of_image.values())).name}, and {masks} "
            f"{next(iter(of_mask.values())).name}"
        )
    return Pairs(
        tuple(Pair(case, of_image[case], of_mask[case]) for case in common),
        tuple(sorted(of_image.keys() - of_mask.keys())),
        tuple(sorted(of_mask.keys() - of_image.keys())),
    )


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""  # it gets its row as one that cannot be read


def _by_case(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in find_inputs(root).files:
        known = format_of_name(path)
        if known is not None and known.name not in READ_HERE:
            raise UsageError(
                f"{path} is {known.name}; masks are judged on pictures and on NIfTI volumes, so "
                "convert it, or take it out of the folder"
            )
        case = stem_of(path.name if path == root else path.relative_to(root).as_posix())
        if case in found:
            raise UsageError(
                f"{found[case]} and {path} have one name; pairs are made by it, so remove one"
            )
        found[case] = path
    return found
