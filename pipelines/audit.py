"""``python -m pipelines.audit DIR``: is the data set able to answer the question?"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from covidcls.data.pictures import LAYOUTS
from pipelines import options
from pipelines.audit_folder import DataSet, Options, audit_folder
from pipelines.audit_output import table
from pipelines.command import CommandParser, ExitCode, run_command, say
from pipelines.progress import ProgressBar

EXAMPLE = """\
examples:
  python -m pipelines.audit COVID-CT --layout covid-ct --out audit
  python -m pipelines.audit DIR --splits splits.csv --patients patients.csv --out audit

The layout folders has one folder for each class, whose name is the label, or train/, val/ and test/
with these in them. --splits is a CSV with columns file and split, such as --build-split writes, or
a JSON object of split to files; it takes the place of the split that is there. --patients is a CSV
with columns file (or slice) and patient. Writes audit.html (open it in a browser: pairs of pictures
side by side), audit.csv (one row a finding) and audit.json.

exit codes: 0 nothing of what follows, 1 could not finish, 2 wrong use, 3 finished, but something
crosses splits or labels, the class is known without looking at the disease (the interval of a floor
lies above AUC 0.7), a file cannot be decoded, or splits could not be compared or built
"""


def parser() -> CommandParser:
    """The options of the command."""
    parser = CommandParser(
        prog="pipelines.audit",
        description="What makes results on a labelled image set worthless, before anyone trains.",
        epilog=EXAMPLE,
    )
    add = parser.add_argument
    add("dir", metavar="DIR", type=Path, help="folder of the data set")
    add("--layout", choices=LAYOUTS, default="folders", help="how it is laid out (%(default)s)")
    add(
        "--splits",
        type=Path,
        metavar="FILE",
        help="which file is in which split (that of the folders; covid-ct: its official one)",
    )
    add("--patients", type=Path, metavar="CSV", help="which file is of which patient")
    add("--out", type=Path, required=True, help="folder to write")
    add("--overwrite", action="store_true", help="replace an earlier audit")
    add(
        "--compare-splits",
        action="store_true",
        help="what leakage is worth: a quick model on this split and on grouped ones",
    )
    add(
        "--build-split",
        type=Path,
        metavar="FILE",
        help="write a split that cannot leak: a CSV for --splits, its record beside it as JSON",
    )
    add(
        "--seed",
        type=options.whole_from(0),
        default=0,
        metavar="N",
        help="of the folds of floors, and of --build-split (0)",
    )
    add(
        "--no-lungs",
        action="store_true",
        help="no floor of the picture without lungs, which needs stage 1 and takes longest",
    )
    options.add_weights(parser)
    add(
        "--workers",
        type=options.whole_from(0),
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that read; 0: this one only (the number of cores)",
    )
    options.add_messages(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _audit(given), given.debug)


def _audit(given: argparse.Namespace) -> ExitCode:
    data = DataSet(given.dir, given.layout, given.splits, given.patients)
    chosen = Options(
        compare_splits=given.compare_splits,
        build_split=given.build_split,
        seed=given.seed,
        lungs=not given.no_lungs,
        weights=given.weights,
        device=given.device,
    )
    with ProgressBar(sys.stderr, given.quiet) as progress:
        record = audit_folder(
            data,
            given.out,
            chosen,
            given.overwrite,
            given.workers,
            progress,
            None if given.quiet else say,
        )
    print(json.dumps(record) if given.json else table(record), flush=True)
    return ExitCode(record["exit_code"])


if __name__ == "__main__":
    raise SystemExit(main())
