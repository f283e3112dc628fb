"""What a benchmark found, as one JSON file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from lungseg.errors import UsageError
from lungseg.whole_file import write_json
from pipelines.command import ExitCode, run_command, say

Result = dict[str, Any]


def write_result(
    measure: Callable[[argparse.Namespace], Result],
    given: argparse.Namespace,
    *,
    summary: Callable[[Result], str] | None = None,
    failed: Callable[[Result], bool] = lambda result: False,
    hint: str = "",
) -> int:
    """Write what ``measure`` finds with the options ``given`` to ``given.out``; the exit code.

    ``summary`` is printed; the exit code is 3 where the result has ``failed``. ``hint``: how to go
    on after a cut-off.
    """

    def work() -> ExitCode:
        if not given.out.parent.is_dir():  # told before hours of measuring
            raise UsageError(f"there is no folder {given.out.parent} for --out {given.out}")
        result = measure(given)
        write_json(given.out, result)
        say(f"wrote {given.out}")
        if summary is not None:
            print(summary(result))
        return ExitCode.LOOK if failed(result) else ExitCode.DONE

    return run_command(work, hint=hint)
