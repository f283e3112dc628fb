"""Results of several machines stand side by side, each under its kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def machines(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("result_tables.machines")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a result whose machine has some features, none for a result that does not say."""

    def to_file(name: str, *features: str, **result: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            json.dumps({**({"machine": {"features": features}} if features else {}), **result})
        )
        return path

    return to_file


def test_results_of_two_machines_are_found_by_kind(
    machines: ModuleType, write: Callable[..., Path]
) -> None:
    path = write("speed.json", "avx2", "avx512f", per_second=1)
    assert list(machines.measurements(path)) == ["AVX-512"]
    write("amx/speed.json", "avx2", "avx512f", "amx_tile", per_second=2)
    found = machines.measurements(path)
    assert {kind: one["per_second"] for kind, one in found.items()} == {"AVX-512": 1, "AMX": 2}


def test_a_result_without_its_machine_has_that_of_the_one_beside_it(
    machines: ModuleType, write: Callable[..., Path]
) -> None:
    path = write("speed.json")
    assert list(machines.measurements(path)) == ["another machine"]
    write("segmenter_speed.json", "avx2")
    assert list(machines.measurements(path)) == ["AVX2"]


def test_two_results_of_one_kind_of_machine_are_refused(
    machines: ModuleType, write: Callable[..., Path]
) -> None:
    path = write("speed.json", "amx_tile")
    write("amx/speed.json", "amx_tile")
    with pytest.raises(ValueError, match="measured on AMX, and so was another speed.json"):
        machines.measurements(path)


def test_a_table_of_nothing_says_so(machines: ModuleType, tmp_path: Path) -> None:
    table = machines.by_machine(lambda found: "a table")
    assert table(tmp_path / "speed.json") == "not measured"
