"""Train stage 2 on every label, and let folds choose what validation would have chosen.

Each fold is trained without its patients, and judged on them: together they calibrate the network,
choose its thresholds and say how good the recipe is. The network that is kept learns from all of
them. Trainings that are done are used again: the same command goes on where it was cut off.

example:
  python -m pipelines.refit --config configs/cls/lesions_and_look.yaml --out refit
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.command import CommandParser, ExitCode, run_command, say
from pipelines.options import add_messages, whole_from
from pipelines.plan_options import TO_GO_ON


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    given = _parser().parse_args(arguments)

    def work() -> ExitCode:
        from covidcls.ablation.recipe import read_yaml
        from pipelines.refit_study import refit
        from pipelines.training_audit import beside_result

        tell: Callable[[str], object] = (lambda sentence: None) if given.quiet else say
        card = refit(read_yaml(given.config), given.out, given.folds, tell)
        print(json.dumps(card, indent=2) if given.json else "\n".join(beside_result(card)))
        return ExitCode.DONE

    return run_command(work, given.debug, TO_GO_ON)


def _parser() -> CommandParser:
    parser = CommandParser(prog="refit", description=__doc__)
    add = parser.add_argument
    add("--config", type=Path, required=True, metavar="YAML", help="a recipe of train_cls")
    add("--folds", type=whole_from(2), default=5, metavar="K", help="by patient and paper (5)")
    add("--out", type=Path, default=Path("refit"), help="folder to write (%(default)s)")
    add_messages(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
