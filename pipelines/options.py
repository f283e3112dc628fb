"""Options that several commands have: the same name, meaning and words in each."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from covidcls.operating_point import AIM_NAMES, DEFAULT_AIM
from lungseg.backends.table import BACKENDS
from pipelines.command import CommandParser

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Options = TypeVar("Options", bound="DataclassInstance")
TO_GO_ON = "run the same command with --resume instead of --overwrite to go on"


def add_resumable_output(parser: CommandParser, default: str) -> None:
    """``--out``, and ``--resume`` or ``--overwrite``; TO_GO_ON is the hint of such a command."""
    parser.add_argument(
        "--out", type=Path, default=Path(default), help="folder to write (%(default)s)"
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true", help="go on where a run was cut off")
    existing.add_argument("--overwrite", action="store_true", help="replace an earlier run")


def add_checkpoint(parser: CommandParser) -> None:
    """``--checkpoint``, of a command that takes one segmenter."""
    said = "segmenter, by name or file (the default of --weights)"
    parser.add_argument("--checkpoint", metavar="NAME", help=said)


def add_weights(parser: CommandParser) -> None:
    """``--weights`` and ``--device``."""
    add = parser.add_argument
    add("--weights", type=Path, metavar="DIR", help="folder of checkpoints (the shipped ones)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(%(default)s)")


def add_backend(parser: CommandParser) -> None:
    """``--backend``."""
    parser.add_argument(
        "--backend",
        choices=("auto", *BACKENDS),
        default="auto",
        help="what runs the networks (%(default)s: torch on a GPU, else the first installed)",
    )


def add_hu_offset(parser: CommandParser) -> None:
    """``--hu-offset``."""
    parser.add_argument(
        "--hu-offset",
        type=_finite,
        metavar="HU",
        help="16-bit pictures are HU + this, such as 1024 (stretched from their own range)",
    )


def add_operating_point(parser: CommandParser) -> None:
    """``--operating-point`` or ``--threshold``."""
    cut = parser.add_mutually_exclusive_group()
    cut.add_argument(
        "--operating-point",
        choices=AIM_NAMES,
        default=DEFAULT_AIM,
        help="what the classifier's threshold aims at (%(default)s)",
    )
    cut.add_argument(
        "--threshold",
        type=share,
        metavar="P",
        help="probability from which a slice is called COVID (that of --operating-point)",
    )


def add_batch_size(parser: CommandParser) -> None:
    """``--batch-size``."""
    parser.add_argument(
        "--batch-size", type=whole_from(1), default=16, metavar="N", help="slices at once (16)"
    )


def add_decoding(parser: CommandParser, workers: int) -> None:
    """``--workers``, by default ``workers``, and ``--timeout``."""
    from pipelines.read_ahead import SECONDS

    parser.add_argument(
        "--workers",
        type=whole_from(0),
        default=workers,
        metavar="N",
        help="processes that decode ahead (%(default)s); 0 for none, and no --timeout",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=SECONDS,
        metavar="SECONDS",
        help="most seconds to decode a slice, which then is unreadable (%(default)g)",
    )


def add_choice(parser: CommandParser) -> None:
    """``--names`` and ``--every``: which files of the folder."""
    add = parser.add_argument
    add(
        "--names",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="take only files whose name, or end of path, is a line of one of these (all)",
    )
    add("--every", type=whole_from(1), default=1, metavar="N", help="take each N-th of these (1)")


def add_identity(parser: CommandParser) -> None:
    """``--keep-ids`` or ``--pseudonymise``."""
    identity = parser.add_mutually_exclusive_group()
    identity.add_argument(
        "--keep-ids", action="store_true", help="let names and ids of patients into the results"
    )
    identity.add_argument(
        "--pseudonymise",
        metavar="KEY",
        type=_key,
        help="let keyed hashes of ids into the results; the same KEY gives the same",
    )


def taken(kind: type[Options], given: argparse.Namespace, **others: Any) -> Options:
    """A dataclass whose fields are the arguments of their names, and ``others`` as they are."""
    names = {field.name for field in fields(kind)} - others.keys()
    return kind(**{name: getattr(given, name) for name in names}, **others)


def add_messages(parser: CommandParser) -> None:
    """``--quiet``, ``--json`` and ``--debug``."""
    add = parser.add_argument
    add("--quiet", action="store_true", help="no progress on standard error")
    add("--json", action="store_true", help="print the record of the run as one JSON object")
    add("--debug", action="store_true", help="print the traceback of an error")


def whole_from(smallest: int) -> Callable[[str], int]:
    """The type of an option that is a whole number, ``smallest`` (0 or more) or larger."""

    def whole(text: str) -> int:
        if not text.isdecimal() or int(text) < smallest:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {smallest}")
        return int(text)

    return whole


def share(text: str) -> float:
    """The type of an option from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _key(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty KEY hides nothing")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value
