"""Draw docs/stage_one.png for the README: what the shipped stage 1 makes of phantoms.

    python benchmarks/draw_stage_one.py

Columns as in Fig. 5 of Tran et al. 2021: slice, true lungs, found lungs, and an overlay with the
lesions found and the box of the crop. Phantoms only, so that no patient's picture is published.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lungseg import drawing
from lungseg.drawing import Picture
from pipelines.command import CommandParser, ExitCode, run_command

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from lungseg.io.window import Window
    from lungseg.lung_mask import LungMask
    from lungseg.phantom import Phantom
    from lungseg.segmenter import LungSegmenter

ROOT = Path(__file__).resolve().parents[1]
LUNG_WINDOW, MEDIASTINAL_WINDOW = (-600.0, 1500.0), (40.0, 400.0)  # centre and width, in HU
HEADS = ("slice", "true lungs", "lungs found", "lungs, lesions and crop")
SIZE, SIDE = 512, 256  # pixels of a phantom, and of it in the figure
ZOOM = 1.05  # the chest fills the picture
GAP, LINE = 8, 24  # pixels between the pictures, and of a line of words
COLOURS = 128  # of the palette: half the bytes of true colour


@dataclass(frozen=True)
class Row:
    """A phantom, from ``z`` 0 at the apex to 1 at the base, and how it is looked at."""

    words: str
    z: float
    patient: int
    lesions: float
    window: Window


ROWS = (
    Row("apex, lung window", 0.14, 11, 0.0, LUNG_WINDOW),
    Row("middle with lesions, lung window", 0.45, 7, 0.25, LUNG_WINDOW),
    Row("heart, mediastinal window", 0.62, 3, 0.0, MEDIASTINAL_WINDOW),
    Row("base with lesions, lung window", 0.84, 5, 0.12, LUNG_WINDOW),
)


def parser() -> CommandParser:
    """The options of the script."""
    parser = CommandParser(prog="draw_stage_one.py", description=__doc__.splitlines()[0])
    out = ROOT / "docs" / "stage_one.png"
    parser.add_argument("--out", type=Path, default=out, help="file to write (docs/stage_one.png)")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="checkpoints (the shipped)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the figure; the exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _write(given))


def _write(given: argparse.Namespace) -> ExitCode:
    from PIL.Image import Dither

    from lungseg.segmenter import LungSegmenter
    from lungseg.whole_file import write_whole

    segmenter = LungSegmenter.from_checkpoint(directory=given.weights)
    content = io.BytesIO()
    figure = draw_figure(segmenter).quantize(COLOURS, dither=Dither.NONE)
    figure.save(content, "PNG", optimize=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(given.out, content.getvalue())
    print(f"{given.out}: {len(content.getvalue()) / 1000:.0f} kB, by {segmenter.name}")
    return ExitCode.DONE


def draw_figure(segmenter: LungSegmenter) -> Image.Image:
    """The figure in RGB: four columns, a row and a line of words for each of ROWS."""
    from PIL import Image, ImageDraw, ImageFont

    from lungseg.metrics import dice
    from lungseg.phantom import Acquisition, display, make_phantom

    step = SIDE + GAP
    size = (len(HEADS) * step - GAP, LINE + len(ROWS) * (step + LINE))
    figure = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(figure), ImageFont.load_default(15)
    for column, words in enumerate(HEADS):
        draw.text((column * step + SIDE // 2, 2), words, "black", font, anchor="ma")
    for number, row in enumerate(ROWS):
        phantom = make_phantom(
            row.z,
            size=SIZE,
            seed=row.patient,
            lesions=row.lesions,
            acquisition=Acquisition(zoom=ZOOM),
        )
        grey = display(phantom.hu, row.window)
        found = segmenter(grey)
        top = LINE + number * (step + LINE)
        for column, picture in enumerate(_pictures(grey, phantom, found)):
            small = Image.fromarray(picture[..., ::-1]).resize((SIDE, SIDE), Image.Resampling.BOX)
            figure.paste(small, (column * step, top))
        said = f"{row.words}: Dice {dice(found.mask, phantom.lung):.3f}"
        if found.lesion_fraction is not None:
            true = (phantom.lesion & phantom.lung).sum() / phantom.lung.sum()
            said += f", lesions {found.lesion_fraction:.0%} of the lung (true {true:.0%})"
        draw.text((2, top + SIDE + 3), said, "black", font)
    return figure


def _pictures(grey: Picture, phantom: Phantom, found: LungMask) -> list[Picture]:
    """The slice, true and found masks with their lesions, and the overlay; SIZE x SIZE x 3 each."""
    from lungseg.regions import DEFAULT_MARGIN, lung_box, shrink_box

    lesion = np.zeros_like(found.mask) if found.lesion is None else found.lesion
    plain = drawing.fit(grey / 255, SIZE)
    overlay = plain.copy()
    overlay[lesion] = (0.5 * overlay[lesion] + 0.5 * np.array(drawing.LESION)).astype(np.uint8)
    drawing.outline(overlay, found.mask, drawing.LUNG, 2)
    box = lung_box(found.mask)
    if box is not None:
        drawing.outline_box(overlay, shrink_box(box, DEFAULT_MARGIN, grey.shape), 2)
    masks = [_mask(phantom.lung, phantom.lesion), _mask(found.mask, lesion)]
    return [plain, *masks, overlay]


def _mask(lung: NDArray[np.bool_], lesion: NDArray[np.bool_]) -> Picture:
    picture = np.zeros((*lung.shape, 3), np.uint8)
    picture[lung] = 235
    picture[lesion & lung] = drawing.LESION
    return picture


if __name__ == "__main__":
    raise SystemExit(main())
