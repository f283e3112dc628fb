"""``python -m pipelines.explain DIR``: where a classifier sees its evidence for COVID-19."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from covidcls.explanation.explain import METHODS
from lungseg.allocator import keep_freed_memory
from lungseg.regions import REGIONS
from pipelines import options
from pipelines.choice import Choice
from pipelines.command import CommandParser, ExitCode, run_command
from pipelines.explain_figures import table
from pipelines.explain_folder import WORKERS, Options, explain_folder
from pipelines.progress import ProgressBar

EXAMPLE = """\
example:
  python -m pipelines.explain samples --out explained
  python -m pipelines.explain FOLDER --out explained --region crop full --method cam occlusion

writes explained/explanations.csv (a row for each slice, classifier and method), pictures/ (the
slice, its lungs, the evidence and the score), sheet.png (some of them) and run.json. The share of
the evidence inside the lungs stands beside the share that chance would put there. Where a network
looks does not say that it is right. A research tool, not a medical device.

exit codes: 0 all well, 1 could not finish, 2 wrong use, 3 finished, but some slice is
unreadable or not_ct
"""


def parser() -> CommandParser:
    """The options of the command."""
    parser = CommandParser(
        prog="pipelines.explain",
        description="Evidence for COVID-19 drawn on each slice, and its share inside the lungs.",
        epilog=EXAMPLE,
    )
    add = parser.add_argument
    add("dir", metavar="DIR", type=Path, help="folder or file, as predict takes them")
    add("--out", type=Path, required=True, help="folder to write")
    add("--overwrite", action="store_true", help="replace an earlier explanation")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--region",
        nargs="+",
        choices=REGIONS,
        default=["crop"],
        help="the default classifiers of these, compared with the first (crop)",
    )
    which.add_argument(
        "--checkpoint", nargs="+", default=[], metavar="NAME", help="classifiers, by name or file"
    )
    add(
        "--method",
        nargs="+",
        choices=METHODS,
        default=["cam"],
        help="of the maps; grad-cam needs torch and is cam for most networks, occlusion asks the "
        "network 65 times a slice (cam)",
    )
    options.add_choice(parser)
    options.add_weights(parser)
    options.add_backend(parser)
    options.add_decoding(parser, WORKERS)
    options.add_hu_offset(parser)
    options.add_messages(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _explain(given), given.debug)


def _explain(given: argparse.Namespace) -> ExitCode:
    chosen = options.taken(
        Options,
        given,
        regions=tuple(dict.fromkeys(given.region)),
        checkpoints=tuple(dict.fromkeys(given.checkpoint)),
        methods=tuple(dict.fromkeys(given.method)),
    )
    choice = Choice(tuple(given.names), given.every)
    keep_freed_memory()
    with ProgressBar(sys.stderr, given.quiet) as progress:
        record = explain_folder(
            given.dir,
            given.out,
            chosen,
            choice,
            given.overwrite,
            progress,
            given.workers,
            given.timeout,
        )
    print(json.dumps(record) if given.json else table(record), flush=True)
    return ExitCode(record["exit_code"])


if __name__ == "__main__":
    raise SystemExit(main())
