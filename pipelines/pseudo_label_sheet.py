"""Contact sheet of pseudo-labels for a person to look through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

from lungseg.io import read_slices
from lungseg.pseudo_labelling import shrunk
from lungseg.pseudo_labels import Row, mask_file, read_masks
from pipelines.overlays import LUNG_COLOUR, TEXT_COLOUR
from pipelines.text import one_line

LESION_COLOUR = (60, 90, 255)  # as OpenCV orders them (blue, green, red)
COLUMNS = 8
SIDE, BAND, HEADING = 200, 34, 28  # pixels: of a picture, of the text below it, of a title
RANDOM, DOUBTFUL = 40, 16

Picture = NDArray[np.uint8]


def draw_sheet(rows: Sequence[Row], pictures: Mapping[str, Path], labels: Path, seed: int) -> bytes:
    """PNG of three parts: kept ones at random, the least sure kept, the most sure dropped.

    Contours of lungs and lesions, the name, and the agreement of lungs / lesions (``?`` where the
    lesions count as unknown) or why it was dropped. ``pictures``: file by ``Row.path``.
    """
    seen = [row for row in rows if row.agreement_lung is not None and row.lung_fraction]
    kept = [row for row in seen if row.kept]
    drawn = np.random.default_rng(seed).permutation(len(kept))[:RANDOM]
    by_doubt = sorted(kept, key=_doubt)
    dropped = sorted((row for row in seen if not row.kept), key=_doubt)
    parts = {
        "kept, at random": [kept[place] for place in sorted(drawn)],
        "kept, least sure": by_doubt[:DOUBTFUL],
        "dropped, most sure": dropped[::-1][:DOUBTFUL],
    }
    strips = [strip for title in parts for strip in _part(title, parts[title], pictures, labels)]
    _, content = cv2.imencode(".png", np.vstack(strips))
    return content.tobytes()


def _doubt(row: Row) -> float:
    return row.agreement_lung or 0.0


def _part(
    title: str, rows: Sequence[Row], pictures: Mapping[str, Path], labels: Path
) -> list[Picture]:
    heading = np.zeros((HEADING, COLUMNS * SIDE, 3), np.uint8)
    _write(heading, f"{title} ({len(rows)})", 20)
    tiles = [_tile(row, pictures[row.path], labels) for row in rows]
    blank = np.zeros((SIDE + BAND, SIDE, 3), np.uint8)
    tiles += [blank] * (-len(tiles) % COLUMNS)
    lines = [np.hstack(tiles[n : n + COLUMNS]) for n in range(0, len(tiles), COLUMNS)]
    return [heading, *lines]


def _tile(row: Row, file: Path, labels: Path) -> Picture:
    grey = (shrunk(next(read_slices(file)).pixels, SIDE) * 255).astype(np.uint8)
    height, width = grey.shape
    picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    masks = read_masks(mask_file(labels, row.sha256))
    for mask, colour in zip(masks, (LUNG_COLOUR, LESION_COLOUR), strict=True):
        small = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        contours, _ = cv2.findContours(small, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, contours, -1, colour, 1)
    tile = np.zeros((SIDE + BAND, SIDE, 3), np.uint8)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    tile[top : top + height, left : left + width] = picture
    _write(tile, PurePosixPath(row.path).stem[-31:], SIDE + 13)
    _write(tile, _said(row), SIDE + 28)
    return tile


def _said(row: Row) -> str:
    figures = f"{row.agreement_lung:.3f}"
    if row.agreement_lesion is not None:
        figures += f" / {row.agreement_lesion:.2f}{'' if row.lesion_known else '?'}"
    return f"{figures} {row.reason}"


def _write(picture: Picture, text: str, y: int) -> None:
    plain = one_line(text).encode("ascii", "replace").decode()
    cv2.putText(picture, plain, (3, y), cv2.FONT_HERSHEY_SIMPLEX, 0.35, TEXT_COLOUR, 1, cv2.LINE_AA)
