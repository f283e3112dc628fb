"""The audit_table command: exit codes, text and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.audit_table import main

SIZES = ["--positives", "98", "--negatives", "105"]
PAPER = ["--accuracy", "87.2", "--recall", "91.9", "--f1", "91.5"]
ROWS = [
    "--row",
    "accuracy=83.5,recall=83.7,f1=88.7",
    "--row",
    "accuracy = 87.2, recall = 91.9, f1 = 91.5",
]


def test_a_possible_row_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(PAPER) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "prevalence        0.741 to 0.758" in said.out
    assert "look" not in said.out


def test_an_impossible_row_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*PAPER, *SIZES]) == 3
    assert "look  no confusion matrix of 98 positives" in capsys.readouterr().out


def test_the_readme_shows_what_the_command_prints(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*PAPER, *SIZES])
    readme = (repository / "README.md").read_text(encoding="utf-8")
    assert f"```\n{capsys.readouterr().out}```\n" in readme


def test_examples_are_a_table_of_all_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*PAPER, "--positives", "99", "--negatives", "34"]) == 0
    lines = capsys.readouterr().out.splitlines()
    [place] = [n for n, line in enumerate(lines) if "TP" in line]
    header, cells = lines[place : place + 2]
    assert header.split()[:6] == ["TP", "TN", "FP", "FN", "accuracy", "recall"]
    assert cells.split()[:6] == ["91", "25", "9", "8", "0.872", "0.919"]
    assert len(cells.split()) == 12


def test_exchanged_cells_end_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    cells = ["--tp", "72", "--tn", "83", "--fp", "33", "--fn", "15"]
    assert main([*cells, *SIZES]) == 3
    assert "exchanged in print: TP with TN" in capsys.readouterr().out


def test_rows_of_different_test_sets_end_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ROWS, "--json"]) == 3
    record = json.loads(capsys.readouterr().out)
    assert record["one_test_set"] == {"possible": False}
    assert len(record["rows"]) == 2


def test_options_are_the_first_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*PAPER, *ROWS[2:], "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["rows"]
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no figures"),
        (["--accuracy", "187", *SIZES], "out of range"),
        (["--accuracy", "87.2"], "nothing follows"),
        (["--tp", "3", "--fp", "2"], "add --tn and --fn"),
    ],
)
def test_wrong_use_ends_with_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err and printed.out == ""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("accuracy", "is not NAME=X"),
        ("sensitivity=9", "sensitivity is recall"),
        ("f1=9,f1=8", "stands twice"),
    ],
)
def test_a_row_that_cannot_be_read_ends_with_2(
    row: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--row", row])
    assert said in capsys.readouterr().err
