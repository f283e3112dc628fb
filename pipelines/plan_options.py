"""Options of the commands that train the cells of a plan: the YAML, and the grid in its place."""

from __future__ import annotations

import argparse
from pathlib import Path

from lungseg.regions import REGIONS
from pipelines.command import CommandParser
from pipelines.options import whole_from

TO_GO_ON = "the same command goes on"


def shipped_plan(name: str) -> Path:
    """A file of ``configs/ablations``, in the checkout or the installed wheel."""
    package = Path(__file__).resolve().parent
    folders = (package / "_configs" / "ablations", package.parent / "configs" / "ablations")
    return next((folder / name for folder in folders if folder.is_dir()), folders[-1] / name)


def add_grid(parser: CommandParser) -> None:
    """``--regions``, ``--margins``, ``--rows`` and ``--seeds``: the cells, in place of those of the
    YAML."""
    add = parser.add_argument
    add("--regions", nargs="+", choices=REGIONS, metavar="REGION", help=", ".join(REGIONS))
    add("--margins", nargs="+", type=_margin, metavar="R", help="pixels inwards, or < 0 outwards")
    add("--rows", nargs="+", metavar="NAME", help="of the further rows of the YAML these alone")
    add("--seeds", nargs="+", type=whole_from(0), metavar="N", help="of the trainings")


def _margin(text: str) -> int:
    """The type of a margin: pixels inwards, outwards below 0."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of pixels") from None
