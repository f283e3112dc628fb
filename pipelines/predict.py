"""``python -m pipelines.predict DIR``: a row, an overlay and a probability for every slice."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from lungseg.allocator import keep_freed_memory
from lungseg.io import LUNG_WINDOW, WINDOWS, Window, parse_window
from pipelines import options
from pipelines.cases import CASE_BY
from pipelines.command import CommandParser, ExitCode, run_command
from pipelines.predict_folder import predict_folder
from pipelines.predict_options import Options
from pipelines.progress import ProgressBar
from pipelines.run_summary import table

EXAMPLE = """\
example:
  python -m pipelines.predict samples --out predictions

writes predictions/predictions.csv (one row a slice), cases.csv (one row a case),
report.html, run.json and overlays/. A research tool, not a medical device.

exit codes: 0 all well, 1 could not finish (go on with --resume), 2 wrong use,
3 finished, but some row is unreadable or not_ct, or a series cannot have its DICOM-SEG
"""


def parser() -> CommandParser:
    """The options of the command."""
    parser = CommandParser(
        prog="pipelines.predict",
        description="Lung mask, crop and calibrated COVID-19 probability of every CT slice.",
        epilog=EXAMPLE,
    )
    # a window such as -600,1500 is no option; argparse knows that of single numbers alone
    parser._negative_number_matcher = re.compile(r"-\d")
    add = parser.add_argument
    add(
        "dir",
        metavar="DIR",
        type=Path,
        help="folder of pictures, DICOM files, volumes (NIfTI, NRRD, MHA) and zips, or one file",
    )
    options.add_resumable_output(parser, "predictions")
    add(
        "--region",
        choices=("crop", "full"),
        default="crop",
        help="stage 2 sees the lung box or the whole slice (%(default)s)",
    )
    options.add_weights(parser)
    options.add_backend(parser)
    options.add_batch_size(parser)
    options.add_decoding(parser, min(4, os.cpu_count() or 1))
    options.add_operating_point(parser)
    options.add_hu_offset(parser)
    add(
        "--window",
        type=_window,
        default=LUNG_WINDOW,
        metavar="NAME|CENTRE,WIDTH",
        help=f"HU are seen through it: {', '.join(WINDOWS)}, or such as -600,1500 (lung)",
    )
    add(
        "--case",
        choices=CASE_BY,
        default="file",
        help="a case is each picture, or each folder of pictures (%(default)s); series and volumes "
        "are each one",
    )
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument(
        "--no-overlays", dest="overlays", action="store_false", help="write no pictures"
    )
    pictures.add_argument(
        "--heat-map",
        action="store_true",
        help="show in each where the evidence for COVID-19 lies, by one scale for all",
    )
    add("--no-report", dest="report", action="store_false", help="write no report.html")
    add("--masks", action="store_true", help="write masks: 1 lung, 2 lesion; PNG, or NIfTI")
    add(
        "--dicom-seg",
        action="store_true",
        help="write a DICOM Segmentation of each DICOM series with lung (extra [dicom-seg])",
    )
    options.add_identity(parser)
    options.add_messages(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _predict(given), given.debug, options.TO_GO_ON)


def _predict(given: argparse.Namespace) -> ExitCode:
    chosen = options.taken(Options, given)
    keep_freed_memory()
    with ProgressBar(sys.stderr, given.quiet) as progress:
        record = predict_folder(
            given.dir,
            given.out,
            chosen,
            given.weights,
            given.workers,
            given.resume,
            given.overwrite,
            progress,
            given.timeout,
        )
    print(json.dumps(record) if given.json else table(record), flush=True)
    return ExitCode(record["exit_code"])


def _window(text: str) -> Window:
    try:
        return parse_window(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    raise SystemExit(main())
