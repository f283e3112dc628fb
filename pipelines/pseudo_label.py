"""``python -m pipelines.pseudo_label DIR``: masks for slices that nobody has labelled."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from lungseg.allocator import keep_freed_memory
from lungseg.pseudo_labels import Filters
from pipelines import options
from pipelines.choice import Choice
from pipelines.command import CommandParser, ExitCode, run_command
from pipelines.progress import ProgressBar
from pipelines.pseudo_label_folder import pseudo_label_folder, table

EXAMPLE = """\
example:
  python -m pipelines.pseudo_label PICTURES --out LABELS

writes LABELS/slices.csv (one row a picture: kept or why not), LABELS/masks/ (PNG: bit 0 lung,
bit 1 lesion), LABELS/sheet.png (look at it, and name what is wrong in `exclude` of the training
config) and LABELS/run.json. Labels of the data are not read. Pictures that a result is to be
measured on do not belong below PICTURES; --names takes the lists of a split.

exit codes: 0 all well, 1 could not finish (go on with --resume), 2 wrong use,
3 finished, but some picture is unreadable or no chest CT, or none was kept
"""


def parser() -> CommandParser:
    """The options of the command."""
    parser = CommandParser(
        prog="pipelines.pseudo_label",
        description="Lung and lesion masks of unlabelled CT slices, where the network is sure.",
        epilog=EXAMPLE,
    )
    add = parser.add_argument
    add("dir", metavar="DIR", type=Path, help="folder of pictures (PNG, JPEG, TIFF, BMP)")
    options.add_resumable_output(parser, "pseudo-labels")
    options.add_checkpoint(parser)
    options.add_weights(parser)
    options.add_backend(parser)
    options.add_choice(parser)
    add("--limit", type=options.whole_from(1), metavar="N", help="take the first N of these (all)")
    helps = {
        "min_agreement": "mean Dice of the lungs of altered copies with their average",
        "max_uncertain": "share of the lung without a clear probability",
        "min_lesion_agreement": "mean Dice below which the lesions of a slice are unknown",
    }
    for field in fields(Filters):
        option = f"--{field.name.replace('_', '-')}"
        said = f"{helps[field.name]} (%(default)s)"
        add(option, type=options.share, default=field.default, metavar="X", help=said)
    add(
        "--seed",
        type=options.whole_from(0),
        default=1,
        metavar="N",
        help="of the pictures on the sheet (1)",
    )
    options.add_messages(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _label(given), given.debug, options.TO_GO_ON)


def _label(given: argparse.Namespace) -> ExitCode:
    keep_freed_memory()
    with ProgressBar(sys.stderr, given.quiet) as progress:
        record = pseudo_label_folder(
            given.dir,
            given.out,
            options.taken(Filters, given),
            Choice(tuple(given.names), given.every, given.limit),
            given.checkpoint,
            given.weights,
            given.device,
            given.seed,
            given.resume,
            given.overwrite,
            progress,
            given.backend,
        )
    print(json.dumps(record) if given.json else table(record), flush=True)
    return ExitCode(record["exit_code"])


if __name__ == "__main__":
    raise SystemExit(main())
