"""``python -m pipelines.make_samples``: write the synthetic sample slices."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pipelines.command import CommandParser, ExitCode, run_command
from pipelines.options import whole_from

EXAMPLE = """\
example:
  python -m pipelines.make_samples --out samples --overwrite

writes about a dozen pictures of invented chests in several windows and formats, and
truth.csv, which says how much lung and lesion each slice shows.
"""


def parser() -> CommandParser:
    """The options of the command."""
    parser = CommandParser(
        prog="pipelines.make_samples",
        description="Synthetic chest CT slices to try the other commands on.",
        epilog=EXAMPLE,
    )
    add = parser.add_argument
    add("--out", type=Path, default=Path("samples"), help="folder to write (%(default)s)")
    add(
        "--seed",
        type=whole_from(0),
        default=0,
        metavar="N",
        help="of the invented patients (%(default)s)",
    )
    add("--overwrite", action="store_true", help="replace the samples of an earlier run")
    add("--quiet", action="store_true", help="print nothing")
    add("--debug", action="store_true", help="print the traceback of an error")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _make(given), given.debug)


def _make(given: argparse.Namespace) -> ExitCode:
    from lungseg.phantom.samples import write_samples

    sizes = write_samples(given.out, given.seed, given.overwrite)
    if not given.quiet:
        print(f"{given.out}: {len(sizes)} files, {sum(sizes.values()) / 1e6:.1f} MB")
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
