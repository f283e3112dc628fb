"""Pictures of any layout with the pseudo-labels that were made of them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from lungseg.data.sources import MaskedSlice, resized_masks
from lungseg.errors import UsageError
from lungseg.io import find_inputs, read_slices
from lungseg.pseudo_labels import Row, fingerprint, mask_file, read_masks, read_rows
from lungseg.shrinking import shrunk


def read_pseudo_folder(
    root: Path, labels: Path, size: int, name: str, exclude: Collection[str] = ()
) -> list[MaskedSlice]:
    """The pictures below ``root`` that have a kept label in ``labels``, found by their content.

    A picture that is there twice is taken once. ``exclude``: stems, or paths below ``root``, that
    a person struck out after looking; copies of them go too. Raises UsageError where ``labels``
    are not finished, were made of other pictures, or lack a mask, and for a name in ``exclude``
    that no picture has.
    """
    files = {path: path.relative_to(root).as_posix() for path in find_inputs(root).files}
    unknown = set(exclude) - set(files.values()) - {path.stem for path in files}
    if unknown:
        raise UsageError(f"{min(unknown)!r}, to be excluded, is no picture in {root}")
    hashes = {path: fingerprint(path.read_bytes()) for path in files}
    struck = {hashes[p] for p, relative in files.items() if {p.stem, relative} & set(exclude)}
    rows = read_rows(labels)
    kept = {row.sha256: row for row in rows if row.kept and row.sha256 not in struck}
    # popped: the second of two equal files finds no row
    found = {path: row for path, sha256 in hashes.items() if (row := kept.pop(sha256, None))}
    if not found:
        known = {row.sha256 for row in rows}
        said = "has a kept label" if known & set(hashes.values()) else "was labelled"
        raise UsageError(
            f"none of the {len(files)} pictures in {root} {said} by the run in {labels}; "
            "give the folder that the pseudo-labels were made of"
        )
    return [_read(path, row, labels, size, name) for path, row in found.items()]


def _read(path: Path, row: Row, labels: Path, size: int, name: str) -> MaskedSlice:
    # as the labels were made: read as displayed, though OpenCV would be faster
    pixels = shrunk(next(read_slices(path)).pixels, size)
    both = np.dstack(read_masks(mask_file(labels, row.sha256))).astype(np.uint8)
    return MaskedSlice(
        name=f"{name}/{row.path}",
        patient=f"{name}/{row.group}",
        picture=(pixels * 255).round().astype(np.uint8),
        masks=resized_masks(both, pixels.shape),
        known=(True, row.lesion_known),
        chest=1,
    )
