"""Exit codes, one-sentence errors, and the console script."""

from __future__ import annotations

import errno
import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lungseg.errors import CheckpointError, UnreadableError, UsageError
from pipelines.__main__ import COMMANDS, main
from pipelines.command import ExitCode, Interrupted, run_command
from pipelines.predict import parser as predict_parser


def raising(error: BaseException) -> Callable[[], ExitCode]:
    def work() -> ExitCode:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UsageError("no such folder"), 2, "no such folder"),
        (CheckpointError("damaged weights"), 2, "damaged weights"),
        (UnreadableError("torn file"), 1, "torn file; go on"),
        (OSError(errno.ENOSPC, "No space left on device", "x.csv"), 1, "the disk is full (x.csv)"),
        (OSError(errno.EIO, "Input/output error"), 1, "Input/output error"),
        (KeyboardInterrupt(), 1, "interrupted; go on"),
        (Interrupted(), 1, "interrupted; go on"),
        (MemoryError(), 1, "out of memory"),
        (ZeroDivisionError("by zero"), 1, "ZeroDivisionError: by zero"),
    ],
)
def test_every_error_is_one_sentence_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    assert run_command(raising(error), hint="go on") == code
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert said.err.count("\n") == 1


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(raising(UsageError("no such folder")), debug=True) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predct"]) == 2
    assert "did you mean predict" in capsys.readouterr().err
    assert main(["zzz"]) == 2
    assert "known are predict" in capsys.readouterr().err


def test_the_console_script_knows_every_command(repository: Path) -> None:
    runnable = {
        file.stem
        for file in (repository / "pipelines").glob("*.py")
        if re.search(r"^if __name__ == \"__main__\":", file.read_text(), re.MULTILINE)
    }
    # decoding: the process in which predict decodes, no command
    assert set(COMMANDS) == runnable - {"__main__", "decoding"}
    for name in COMMANDS:
        assert importlib.util.find_spec(f"pipelines.{name}") is not None


def test_the_console_script_passes_the_arguments_on(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "predict", "missing-folder"],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("missing-folder")
    assert done.stderr.count("\n") == 1


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for name in COMMANDS:
        assert name in said


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "an empty path, as of a variable that is not set"),
        ("x" * 300, "a name that is too long for a file"),
        ("a\0b", "a name that no file can have"),
    ],
)
def test_a_path_that_no_file_can_have_is_refused(
    capsys: pytest.CaptureFixture[str], path: str, said: str
) -> None:
    """An empty one would be the current folder."""
    with pytest.raises(SystemExit) as ended:
        predict_parser().parse_args([path])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
