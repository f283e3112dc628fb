"""The one way in which a benchmark ends: its JSON whole, its summary, its exit code."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lungseg.errors import LungsegError

FOUND = {"lost": 1}


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("result_file")


@pytest.fixture
def given(tmp_path: Path) -> argparse.Namespace:
    """The options, with a file of an earlier run."""
    out = tmp_path / "result.json"
    out.write_text("before")
    return argparse.Namespace(out=out)


def test_the_result_is_written_and_nothing_is_printed_unasked(
    script: ModuleType, given: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.write_result(lambda options: {"options": str(options.out)}, given) == 0
    assert json.loads(given.out.read_text()) == {"options": str(given.out)}
    assert [file.name for file in given.out.parent.iterdir()] == ["result.json"]
    assert capsys.readouterr() == ("", f"wrote {given.out}\n")


def test_a_failure_that_was_measured_is_written_and_told_by_the_exit_code(
    script: ModuleType, given: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    ways: dict[str, Any] = {
        "summary": lambda result: f"lost: {result['lost']}",
        "failed": lambda result: result["lost"] > 0,
    }
    assert script.write_result(lambda options: FOUND, given, **ways) == 3
    assert json.loads(given.out.read_text()) == FOUND
    assert capsys.readouterr().out == "lost: 1\n"
    assert script.write_result(lambda options: {"lost": 0}, given, **ways) == 0


def test_what_could_not_be_measured_leaves_the_file_and_says_how_to_go_on(
    script: ModuleType, given: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(options: argparse.Namespace) -> dict[str, Any]:
        raise LungsegError("predict ended with 1")

    assert script.write_result(fails, given, hint="start again") == 1
    assert capsys.readouterr().err == "predict ended with 1; start again\n"
    assert given.out.read_text() == "before"


def test_a_folder_that_is_not_there_is_told_before_the_measuring(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = argparse.Namespace(out=tmp_path / "gone" / "result.json")
    assert script.write_result(lambda options: pytest.fail("measured"), given) == 2
    assert "there is no folder" in capsys.readouterr().err
