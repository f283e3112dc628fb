"""Does segmentation before classification help, by how much, and could it be chance?

Every region (and margin) is trained by one recipe with several seeds, judged on the same slices,
and tested against the whole slice. Cells that are done are used again: the same command goes on
where it was cut off.

example:
  python -m pipelines.ablate --data covid-ct --layout covid-ct --out ablation
  python -m pipelines.ablate --data FOLDER --layout folders --positive COVID \\
      --regions full crop background --seeds 1 2 3 --folds 5 --out ablation
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from covidcls.data.pictures import LAYOUTS
from pipelines.command import CommandParser, ExitCode, run_command, say
from pipelines.options import add_messages, whole_from
from pipelines.plan_options import TO_GO_ON, add_grid, shipped_plan

SHIPPED = "regions.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    given = _parser().parse_args(arguments)

    def work() -> ExitCode:
        from covidcls.ablation.plan import read_plan
        from pipelines.ablate_study import ablate

        plan = read_plan(given.config or shipped_plan(SHIPPED))
        plan = plan.with_grid(given.regions, given.margins, given.seeds, given.folds, given.rows)
        tell: Callable[[str], object] = (lambda sentence: None) if given.quiet else say
        record = ablate(
            plan,
            given.data,
            given.out,
            given.layout,
            given.positive,
            given.against,
            tell,
            patients=given.patients,
        )
        table = Path(record["written"]["table.md"]).read_text(encoding="utf-8")
        print(json.dumps(record, indent=2) if given.json else table, flush=True)
        return ExitCode.DONE

    return run_command(work, given.debug, TO_GO_ON)


def _parser() -> CommandParser:
    parser = CommandParser(prog="ablate", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="labelled pictures")
    add("--layout", choices=LAYOUTS, default="covid-ct", help="(%(default)s)")
    add("--positive", default="COVID", metavar="CLASS", help="with folders (%(default)s)")
    add("--patients", type=Path, metavar="CSV", help="with folders: columns patient and file")
    add("--out", type=Path, default=Path("ablation"), help="folder to write (%(default)s)")
    add("--config", type=Path, metavar="YAML", help=f"recipe and grid (ablations/{SHIPPED})")
    add_grid(parser)
    add("--folds", type=whole_from(2), metavar="K", help="judge all slices, by patient and paper")
    add("--against", default="full", metavar="ROW", help="what rows are tested against (full)")
    add_messages(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
