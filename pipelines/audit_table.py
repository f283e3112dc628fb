"""``python -m pipelines.audit_table``: can figures that a paper prints be, and on what test set?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from covidcls.audit.published import Matrix, PublishedTable, check_table
from covidcls.audit.published.implied import Span
from covidcls.audit.published.printed import TITLES
from lungseg.errors import UsageError
from pipelines.command import CommandParser, ExitCode, run_command
from pipelines.options import whole_from

EXAMPLE = """\
examples:
  python -m pipelines.audit_table --accuracy 87.2 --recall 91.9 --f1 91.5 \\
      --positives 98 --negatives 105
  python -m pipelines.audit_table --tp 72 --tn 83 --fp 33 --fn 15 --positives 98 --negatives 105
  python -m pipelines.audit_table --row accuracy=83.5,recall=83.7,f1=88.7 \\
      --row accuracy=87.2,recall=91.9,f1=91.5

Type figures as printed, for the number of digits counts: 87.2 is 87.15 to 87.25, both ends
included. Beyond 1, or with a % sign, a number is a percentage. If a row is impossible that way but
possible with digits cut off instead of rounded, it passes and this is said. Recall is also called
sensitivity, and precision PPV: here they are those of the positive class.

exit codes: 0 possible, 1 could not finish, 2 wrong use, or nothing follows from so few figures,
3 something needs a look: impossible figures, exchanged cells, another prevalence
"""

CELLS = ("tp", "tn", "fp", "fn")
FIGURES = (*TITLES, "auc")


def parser() -> CommandParser:
    """The options of the command."""
    parser = CommandParser(
        prog="pipelines.audit_table",
        description="What the figures of a published table imply, and whether they are possible.",
        epilog=EXAMPLE,
    )
    add = parser.add_argument
    for name in FIGURES:
        title = TITLES.get(name, "AUC, which is left aside")
        add(f"--{name.replace('_', '-')}", metavar="X", help=f"{title}, as printed")
    add(
        "--row",
        type=_row,
        action="append",
        default=[],
        metavar="NAME=X,...",
        help="a row of figures, in one; repeat it to ask whether rows come from one test set",
    )
    for name in CELLS:
        add(f"--{name}", type=whole_from(0), metavar="N", help=f"{name.upper()}, as printed")
    add("--positives", type=whole_from(0), metavar="N", help="positives of the test set, if known")
    add("--negatives", type=whole_from(0), metavar="N", help="negatives of the test set, if known")
    add(
        "--max-total",
        type=whole_from(1),
        metavar="N",
        help="list the possible sizes of the test set up to N images, where it is unknown",
    )
    add("--json", action="store_true", help="print everything as one JSON object")
    add("--debug", action="store_true", help="print the traceback of an error")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _audit(given), given.debug)


def _audit(given: argparse.Namespace) -> ExitCode:
    first = {name: text for name in FIGURES if (text := getattr(given, name)) is not None}
    record = check_table(
        PublishedTable(
            rows=[*([first] if first else []), *given.row],
            cells=_cells(given),
            positives=given.positives,
            negatives=given.negatives,
            max_total=given.max_total,
        )
    )
    print(json.dumps(record) if given.json else text_of(record), flush=True)
    return ExitCode.LOOK if record["needs_look"] else ExitCode.DONE


def _cells(given: argparse.Namespace) -> Matrix | None:
    cells = {name: getattr(given, name) for name in CELLS}
    missing = [f"--{name}" for name, count in cells.items() if count is None]
    if len(missing) == len(CELLS):
        return None
    if missing:
        raise UsageError(f"a confusion matrix has four cells: add {' and '.join(missing)}")
    return Matrix(**cells)


def _row(text: str) -> dict[str, str]:
    row: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise argparse.ArgumentTypeError(f"{part!r} is not NAME=X, such as accuracy=87.2")
        if name not in FIGURES:
            # all of them, for what resembles "sensitivity" most is another figure
            known = f"{', '.join(FIGURES)}; sensitivity is recall and PPV precision"
            raise argparse.ArgumentTypeError(f"unknown figure {name!r}: known are {known}")
        if name in row:
            raise argparse.ArgumentTypeError(f"{name} stands twice in one row")
        row[name] = value
    return row


def text_of(record: Mapping[str, Any]) -> str:
    """The record of ``check_table`` for a person: what follows row by row, then what was found."""
    lines: list[str] = []
    for number, row in enumerate(record["rows"], 1):
        printed = [f"{TITLES[name]} {one['printed']}" for name, one in row["figures"].items()]
        lines.append(f"row {number}: {', '.join(printed)}")
        for name, ends in row["implied"].items():
            if not (span := Span(**ends)).is_open:
                lines.append(f"  {TITLES.get(name, name):<18}{span}")
        lines += _matrices(row.get("examples", []))
    if record["cells"]:
        lines += ["cells", *_matrices(record["cells"]["readings"])]
    for found in record["findings"]:
        mark = "look" if found["needs_look"] else "note"
        where = f"row {found['row']}: " if found["row"] and len(record["rows"]) > 1 else ""
        for start, text in ((f"{mark}  ", where + found["what"]), (" " * 6, found["means"])):
            lines += wrap(text, 100, initial_indent=start, subsequent_indent=" " * 6)
    return "\n".join(lines)


def _matrices(matrices: Sequence[Mapping[str, Any]]) -> list[str]:
    if not matrices:
        return []
    titles = [f"{TITLES[name].removesuffix(' accuracy'):>5}" for name in TITLES]
    lines = ["  " + "".join(f"{name.upper():>7}" for name in CELLS) + "  " + "  ".join(titles)]
    for matrix in matrices:
        cells = "".join(f"{matrix[name]:>7,}" for name in CELLS)
        figures = [
            f"{matrix[name]:>{len(title)}.3f}" for name, title in zip(TITLES, titles, strict=True)
        ]
        lines.append(f"  {cells}  " + "  ".join(figures))
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
