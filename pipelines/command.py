"""How every command starts and ends: arguments, exit codes, one-sentence errors."""

from __future__ import annotations

import argparse
import difflib
import errno
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from lungseg.errors import DataWarning, LungsegError, UsageError
from pipelines.extras import brought_by_extra
from pipelines.text import one_line

DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_FORMAT_WARNING = warnings.formatwarning  # of Python: file, line and source
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ExitCode(IntEnum):
    """What a command's exit code says, the same in every command."""

    DONE = 0  # all well; a slice without lung is well
    UNFINISHED = 1  # disk full, interrupted, crash
    USAGE = 2  # wrong use; nothing was written
    LOOK = 3  # finished, but something needs a look


class Interrupted(BaseException):
    """Ctrl-C or a request to end; not an Exception, so that no handler of errors swallows it."""


class CommandParser(argparse.ArgumentParser):
    """An argument parser that answers wrong use with one sentence and names the nearest option."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)
        self.register("type", Path, _path)

    def parse_args(  # type: ignore[override]  # one signature instead of argparse's overloads
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Arguments as a namespace; exits with 2 and one sentence when they are wrong."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            known = _options(self)
            self.error(f"unknown argument {unknown[0]!r}{nearest(unknown[0].split('=')[0], known)}")
        assert parsed is not None
        return parsed

    def error(self, message: str) -> NoReturn:
        """One sentence on standard error, and exit code 2."""
        say(f"{self.prog}: {message} (see --help)")
        raise SystemExit(int(ExitCode.USAGE))


def _path(text: str) -> Path:
    """``text`` as a path. Raises ArgumentTypeError where no file can have it as its name."""
    if not text:  # Path takes it for the current folder
        raise argparse.ArgumentTypeError("an empty path, as of a variable that is not set")
    try:
        os.lstat(text)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise argparse.ArgumentTypeError("a name that is too long for a file") from error
    except ValueError as error:
        raise argparse.ArgumentTypeError("a name that no file can have") from error
    return Path(text)


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """The options of a parser and of its sub-commands."""
    known: list[str] = []
    for action in parser._actions:
        known += action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            known += [option for below in action.choices.values() for option in _options(below)]
    return list(dict.fromkeys(known))


def run_command(work: Callable[[], ExitCode], debug: bool = False, hint: str = "") -> int:
    """Do ``work`` and turn what it raises into one sentence on standard error and an exit code.

    ``hint`` is added where the work could not finish (such as how to go on). With ``debug`` the
    traceback is printed as well. Ctrl-C and SIGTERM end the same way.
    """
    hint = f"; {hint}" if hint else ""
    before = {}
    format_before, warnings.formatwarning = warnings.formatwarning, _format_warning
    if threading.current_thread() is threading.main_thread():  # elsewhere Python forbids handlers
        before = {name: signal.signal(name, _interrupt) for name in SIGNALS}
    try:
        return int(work())
    except (Interrupted, KeyboardInterrupt):
        return _end(ExitCode.UNFINISHED, f"interrupted{hint}", debug)
    except UsageError as error:
        return _end(ExitCode.USAGE, str(error), debug)
    except LungsegError as error:
        return _end(ExitCode.UNFINISHED, f"{error}{hint}", debug)
    except BrokenPipeError:
        # The reader of standard output has gone (such as `| head`); the interpreter would complain
        # once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.UNFINISHED)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        if error.errno in DISK_FULL:
            said = f"the disk is full{where}: {error.strerror}{hint}"
        else:
            said = f"could not finish: {error.strerror or error}{where}{hint}"
        return _end(ExitCode.UNFINISHED, said, debug)
    except MemoryError:
        return _end(ExitCode.UNFINISHED, f"out of memory: try a smaller --batch-size{hint}", debug)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (lacking := brought_by_extra(error)):
            return _end(ExitCode.USAGE, lacking, debug)
        said = f"could not finish: {type(error).__name__}: {error}{hint} (--debug shows where)"
        return _end(ExitCode.UNFINISHED, said, debug)
    finally:
        warnings.formatwarning = format_before
        for name, handler in before.items():
            signal.signal(name, handler)


def _format_warning(message: Any, category: type[Warning], *where: Any, **line: Any) -> str:
    if issubclass(category, DataWarning):
        return f"{message}\n"
    return _FORMAT_WARNING(message, category, *where, **line)


def nearest(name: str, known: Sequence[str]) -> str:
    """``"; did you mean A or B?"`` for those ``known`` that resemble ``name``, or nothing."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def say(sentence: str) -> None:
    """Print a sentence to standard error, whatever bytes a file name in it has."""
    print(one_line(sentence), file=sys.stderr, flush=True)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise Interrupted(signal.Signals(number).name)


def _end(code: ExitCode, sentence: str, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    say(sentence)
    return int(code)
