"""Train on one data set, test on another: does it know the disease, or the look of a source?

Labels of a data set that is tested on choose nothing, unless it was trained on: then its validation
part is judged, and marked. The same command goes on where it was cut off.

A SOURCE is FOLDER or LAYOUT:FOLDER, with the layouts covid-ct (as published) and folders (a folder
for each class, the default).

example:
  python -m pipelines.cross --train covid-ct:data/covid-ct data/sars-cov-2-ct --together --out cross
  python -m pipelines.cross --train covid-ct:data/covid-ct --test MY-CLASS-FOLDERS --positive ill
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.command import CommandParser, ExitCode, run_command, say
from pipelines.options import add_messages
from pipelines.plan_options import TO_GO_ON, add_grid, shipped_plan

if TYPE_CHECKING:
    from covidcls.data.sources import Source

SHIPPED = "cross.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    given = _parser().parse_args(arguments)

    def work() -> ExitCode:
        from covidcls.ablation.plan import read_plan
        from pipelines.cross_study import cross

        plan = read_plan(given.config or shipped_plan(SHIPPED))
        plan = plan.with_grid(given.regions, given.margins, given.seeds, rows=given.rows)
        train_on = [source_of(text, given.positive) for text in given.train]
        test_on = [source_of(text, given.positive) for text in given.test or given.train]
        train_on, test_on = with_tables(given.patients, train_on, test_on)
        tell: Callable[[str], object] = (lambda sentence: None) if given.quiet else say
        record = cross(plan, train_on, test_on, given.out, given.together, tell)
        table = Path(record["written"]["table.md"]).read_text(encoding="utf-8")
        print(json.dumps(record, indent=2) if given.json else table, flush=True)
        return ExitCode.DONE

    return run_command(work, given.debug, TO_GO_ON)


def source_of(text: str, positive: str = "COVID") -> Source:
    """``FOLDER`` or ``LAYOUT:FOLDER`` as a data set; ``positive`` is of class folders."""
    from covidcls.data.sources import Source

    layout, colon, folder = text.partition(":")
    if colon and layout == "covid-ct":
        return Source(folder, "covid-ct")
    return Source(folder if colon and layout == "folders" else text, "folders", positive)


def with_tables(given: Sequence[str], *sources: Sequence[Source]) -> tuple[list[Source], ...]:
    """Each list with the tables of patients that are ``given`` as ``FOLDER=CSV``, by the names of
    the folders. Raises UsageError for another form, and a name that no source has."""
    from lungseg.errors import UsageError

    names = {one.name for several in sources for one in several}
    table_of: dict[str, str] = {}
    for text in given:
        name, equals, table = text.partition("=")
        if not equals or name not in names:
            raise UsageError(
                f"--patients {text!r} should be FOLDER=CSV, with the name of a folder of --train "
                f"or --test: {', '.join(sorted(names))}"
            )
        table_of[name] = table
    return tuple(
        [replace(one, patients=table_of.get(one.name)) for one in several] for several in sources
    )


def _parser() -> CommandParser:
    parser = CommandParser(prog="cross", description=__doc__)
    add = parser.add_argument
    add("--train", nargs="+", required=True, metavar="SOURCE", help="each trained on alone")
    add("--test", nargs="+", metavar="SOURCE", help="(those of --train)")
    add("--together", action="store_true", help="train on all of --train at once, too")
    add("--positive", default="COVID", metavar="CLASS", help="of class folders (%(default)s)")
    add(
        "--patients",
        nargs="+",
        default=[],
        metavar="FOLDER=CSV",
        help="tables of class folders, columns patient and file, by the name of the folder",
    )
    add("--out", type=Path, default=Path("cross"), help="folder to write (%(default)s)")
    add("--config", type=Path, metavar="YAML", help=f"recipe and rows (ablations/{SHIPPED})")
    add_grid(parser)
    add_messages(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
