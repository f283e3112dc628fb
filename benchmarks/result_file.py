"""What a benchmark found, as one JSON file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from lungseg.whole_file import write_whole
from pipelines.command import ExitCode, run_command, say


def write_result(
    measure: Callable[[argparse.Namespace], dict[str, Any]], given: argparse.Namespace
) -> int:
    """Write what ``measure`` finds with the options ``given`` to ``given.out``; the exit code."""

    def work() -> ExitCode:
        result = measure(given)
        write_whole(given.out, (json.dumps(result, indent=2) + "\n").encode())
        say(f"wrote {given.out}")
        return ExitCode.DONE

    return run_command(work)
