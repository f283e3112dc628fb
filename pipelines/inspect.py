"""``python -m pipelines.inspect PATH``: what the readers see of files and folders."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import options
from pipelines.command import CommandParser, ExitCode, run_command
from pipelines.progress import ProgressBar
from pipelines.text import extensions_of, one_line

if TYPE_CHECKING:
    from lungseg.io.inspection import Seen

EXAMPLE = """\
example:
  python -m pipelines.inspect samples
  python -m pipelines.inspect export.zip --json

prints a line for every picture, volume and DICOM series, and what had to be assumed
of it. No name, birth date or id of a patient is printed unless asked for.

exit codes: 0 all well, 1 could not finish, 2 wrong use, 3 something is unreadable or
no axial CT slice
"""
SHOWN = 8  # messages of an input
HEADINGS = ("slices", "size", "spacing mm", "scale", "format", "path")


def parser() -> CommandParser:
    """The options of the command."""
    parser = CommandParser(
        prog="pipelines.inspect",
        description="What the readers see: series, slices, spacing, and what is wrong with them.",
        epilog=EXAMPLE,
    )
    add = parser.add_argument
    add("path", metavar="PATH", type=Path, help="folder or file, as predict takes them")
    options.add_hu_offset(parser)
    options.add_identity(parser)
    options.add_decoding(parser, min(4, os.cpu_count() or 1))
    add("--quiet", action="store_true", help="no progress on standard error")
    add("--json", action="store_true", help="print one JSON object")
    add("--debug", action="store_true", help="print the traceback of an error")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _inspect(given), given.debug)


def _inspect(given: argparse.Namespace) -> ExitCode:
    from lungseg.io import find_inputs, group_inputs
    from lungseg.io.grouping import check_slices
    from lungseg.io.identity import IdentityPolicy
    from lungseg.io.inspection import inspect_input
    from lungseg.io.reading import Reading
    from pipelines.earlier_results import without_results
    from pipelines.read_ahead import read_ahead

    found, earlier = without_results(find_inputs(given.path), given.path)
    grouped = group_inputs(found.files, given.path)
    check_slices(grouped, given.path)
    policy = IdentityPolicy(given.keep_ids, given.pseudonymise)
    reading = Reading(hu_offset=given.hu_offset)
    inputs: list[Seen] = []
    items = read_ahead(grouped.inputs, given.workers, reading, seconds=given.timeout)
    with ProgressBar(sys.stderr, given.quiet) as progress, closing(items):
        for position, its_items in groupby(items, attrgetter("position")):
            slices = ((item.slice, item.error) for item in its_items)
            inputs.append(inspect_input(grouped.inputs[position], slices, policy))
            progress(position + 1, len(grouped.inputs))
    record: dict[str, Any] = {
        "input": str(given.path),
        "inputs": [asdict(seen) for seen in inputs],
        "ignored_files": found.ignored + grouped.ignored,
        "ignored_extensions": dict(found.extensions),
        "earlier_results": [str(folder) for folder in earlier],
        "unreadable_folders": [str(folder) for folder in found.unreadable_folders],
    }
    print(json.dumps(record) if given.json else "\n".join(_lines(inputs, record)), flush=True)
    look = any(seen.unreadable or seen.not_ct for seen in inputs) or found.unreadable_folders
    return ExitCode.LOOK if look else ExitCode.DONE


def _lines(inputs: Sequence[Seen], record: dict[str, Any]) -> Iterator[str]:
    """A row for each input with its messages below it, then the counts."""
    rows = [HEADINGS, *(_row(seen) for seen in inputs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    for number, row in enumerate(rows):
        *cells, path = row
        yield "  ".join([*(c.rjust(w) for c, w in zip(cells, widths, strict=True)), path])
        if number:
            seen = inputs[number - 1]
            for name, value in seen.identity.items():
                yield f"    {name}: {one_line(value)}"
            for message, count in islice(seen.messages.items(), SHOWN):
                where = f" ({count} of {seen.slices} slices)" if 0 < count < seen.slices else ""
                yield f"    {one_line(message)}{where}"
            if len(seen.messages) > SHOWN:
                yield f"    and {len(seen.messages) - SHOWN} more messages (--json has all)"
    slices = sum(seen.slices for seen in inputs)
    kinds = extensions_of(record["ignored_extensions"])
    ignored = f"{record['ignored_files']} other files ignored{kinds}"
    yield f"{slices} slices in {len(inputs)} inputs; {ignored}"
    if earlier := record["earlier_results"]:
        yield f"{len(earlier)} folders with results of earlier runs left out"


def _row(seen: Seen) -> tuple[str, ...]:
    size = f"{seen.width} x {seen.height}" if seen.width else "-"
    sides = [] if seen.spacing is None else [*seen.spacing]
    if seen.step is not None:
        sides.append(seen.step)
    spacing = " x ".join(f"{side:.4g}" for side in sides) or "-"
    scale = seen.scale or "-"
    return str(seen.slices), size, spacing, scale, seen.format or "-", one_line(seen.path)


if __name__ == "__main__":
    raise SystemExit(main())
