"""What a benchmark wrote to its JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

Measured = dict[str, Any]


def measured(table: Callable[[Measured], str]) -> Callable[[Path], str]:
    """``table`` of what a benchmark wrote, for its file; where there is none, "not measured"."""

    @wraps(table)
    def of_file(path: Path) -> str:
        return table(json.loads(path.read_text())) if path.is_file() else "not measured"

    return of_file
