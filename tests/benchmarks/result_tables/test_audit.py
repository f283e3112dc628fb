"""What the search for copies takes stands in the table of the README, each figure in its column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

RowsOf = Callable[[str], list[dict[str, str]]]


def test_seconds_and_memory_by_the_number_of_pictures(
    benchmark_script: Callable[..., ModuleType], rows_of: RowsOf, tmp_path: Path
) -> None:
    tables = benchmark_script("result_tables.audit")
    file = tmp_path / "audit_speed.json"
    assert tables.audit_speed(file) == "not measured"
    found = {"seconds": 22.4, "cpu_s": 37.2, "candidates": 17100, "planted": 30}
    found |= {"planted_found": 29, "other_pairs": 2, "peak_memory_mib": 1309}
    result = {"cores": 2, "counts": {"3000": found}}
    file.write_text(json.dumps({**result, "growth": [9.0], "growth_cpu": [3.0, 1.01, 1.03]}))
    said = tables.audit_speed(file)
    assert rows_of(said) == [
        {
            "pictures": "3,000",
            "s": "22",
            "processor s": "37",
            "pairs compared a picture": "5.7",
            "copies found": "29 of 30",
            "other pairs": "2",
            "peak memory, MiB": "1,309",
        }
    ]
    assert "2 cores; the processor time of the last two grew with the power 1.01 and 1.03" in said
