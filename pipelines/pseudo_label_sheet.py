"""Contact sheet of pseudo-labels for a person to look through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from lungseg import drawing
from lungseg.drawing import Picture
from lungseg.io import read_slices
from lungseg.pseudo_labels import Row, mask_file, read_masks
from pipelines.text import one_line

COLUMNS, SIDE = 8, 200  # of tiles; pixels of a picture
LONGEST = 28  # characters of a name that fit below it
RANDOM, DOUBTFUL = 40, 16


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
    strips = []
    for title, chosen in parts.items():
        strips.append(drawing.line(COLUMNS * SIDE, {f"{title} ({len(chosen)})": drawing.TEXT}))
        if chosen:
            tiles = [_tile(row, pictures[row.path], labels) for row in chosen]
            strips.append(drawing.sheet(tiles, COLUMNS))
    return drawing.encode(np.vstack(strips))


def _doubt(row: Row) -> float:
    return row.agreement_lung or 0.0


def _tile(row: Row, file: Path, labels: Path) -> Picture:
    picture = drawing.fit(next(read_slices(file)).pixels, SIDE)
    masks = read_masks(mask_file(labels, row.sha256))
    for mask, colour in zip(masks, drawing.MASKS, strict=True):
        drawing.outline(picture, mask, colour)
    name = drawing.ending(one_line(PurePosixPath(row.path).stem), LONGEST)
    return drawing.tile(picture, SIDE, SIDE, name, _said(row))


def _said(row: Row) -> str:
    figures = f"{row.agreement_lung:.3f}"
    if row.agreement_lesion is not None:
        figures += f" / {row.agreement_lesion:.2f}{'' if row.lesion_known else '?'}"
    return f"{figures} {row.reason}"
