"""``python -m pipelines.evaluate seg``: judge a segmenter on images with true masks."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lungseg.allocator import keep_freed_memory
from pipelines import options
from pipelines.command import CommandParser, ExitCode, run_command
from pipelines.evaluate_seg import Options, evaluate_seg, table
from pipelines.progress import ProgressBar

EXAMPLE = """\
example:
  python -m pipelines.evaluate seg --images set/images --masks set/masks --out evaluation

pairs an image with the mask of the same name up to the suffix: pictures (PNG, JPEG, TIFF, BMP) or
NIfTI volumes in HU (.nii, .nii.gz); what is not zero in a mask is the target, but 3 (effusion) is
no lesion. Writes metrics.json, cases.csv, worst.png and, for volumes, volumes.csv.

exit codes: 0 all well, 1 could not finish, 2 wrong use, 3 finished, but some file has no partner
or some slice could not be judged
"""


def parser() -> CommandParser:
    """The options of the command and of what can be evaluated."""
    parser = CommandParser(
        prog="pipelines.evaluate", description="Measure what this project finds against the truth."
    )
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    seg = what.add_parser(
        "seg",
        help="lung or lesion masks",
        description="Dice, IoU, HD95 and surface Dice of lung or lesion masks, slice by slice.",
        epilog=EXAMPLE,
    )
    add = seg.add_argument
    add("--images", type=Path, required=True, metavar="DIR", help="folder of slices or volumes")
    add("--masks", type=Path, required=True, metavar="DIR", help="folder of their true masks")
    add("--out", type=Path, required=True, help="folder to write")
    add("--overwrite", action="store_true", help="replace an earlier evaluation")
    add("--target", choices=("lung", "lesion"), default="lung", help="(%(default)s)")
    add(
        "--patients",
        type=Path,
        metavar="CSV",
        help="columns patient and case, name, image, file or slice: intervals are over patients",
    )
    options.add_checkpoint(seg)
    options.add_weights(seg)
    options.add_batch_size(seg)
    options.add_messages(seg)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _seg(given), given.debug)


def _seg(given: argparse.Namespace) -> ExitCode:
    chosen = Options(
        target=given.target,
        patients=given.patients,
        checkpoint=given.checkpoint,
        weights=given.weights,
        device=given.device,
        batch_size=given.batch_size,
    )
    keep_freed_memory()
    with ProgressBar(sys.stderr, given.quiet) as progress:
        record = evaluate_seg(
            given.images, given.masks, given.out, chosen, given.overwrite, progress
        )
    print(json.dumps(record) if given.json else table(record), flush=True)
    return ExitCode(record["exit_code"])


if __name__ == "__main__":
    raise SystemExit(main())
