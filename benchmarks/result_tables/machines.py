"""What a benchmark wrote on each kind of machine, for tables that have them side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

from result_tables.measured import Measured

Measurements = Mapping[str, Measured]  # by kind of machine
FOLDERS = (".", "amx")  # where results lie, beside each other
KINDS = {"amx_tile": "AMX", "avx512f": "AVX-512", "avx2": "AVX2"}  # the best that it has counts


def measurements(path: Path) -> dict[str, Measured]:
    """The results of ``path`` and of the files of its name in ``FOLDERS``, by kind of machine.

    A result that does not name its machine has that of ``segmenter_speed.json`` beside it. Raises
    ValueError for two results of one kind of machine.
    """
    found: dict[str, Measured] = {}
    for folder in FOLDERS:
        file = path.parent / folder / path.name
        if not file.is_file():
            continue
        result = {"machine": _machine_beside(file), **json.loads(file.read_text())}
        kind = kind_of(result["machine"])
        if kind in found:
            raise ValueError(f"{file} was measured on {kind}, and so was another {path.name}")
        found[kind] = result
    return found


def by_machine(table: Callable[[Measurements], str]) -> Callable[[Path], str]:
    """``table`` of the :func:`measurements` of a file; where there are none, "not measured"."""

    @wraps(table)
    def of_file(path: Path) -> str:
        found = measurements(path)
        return table(found) if found else "not measured"

    return of_file


def kind_of(machine: Mapping[str, Any]) -> str:
    """What decides how fast a processor computes networks."""
    features = machine.get("features", ())
    return next((kind for flag, kind in KINDS.items() if flag in features), "another machine")


def described(found: Measurements) -> str:
    """Each machine in words."""
    return "; ".join(f"{kind}: {in_words(result['machine'])}" for kind, result in found.items())


def in_words(machine: Mapping[str, Any]) -> str:
    """A machine with its threads and features."""
    features = ", ".join(machine["features"]) or "features unknown"
    return f"{machine['threads']} threads on {machine['processor']} ({features})"


def _machine_beside(file: Path) -> dict[str, Any]:
    other = file.with_name("segmenter_speed.json")
    machine = json.loads(other.read_text()).get("machine") if other.is_file() else None
    return dict(machine or {})
