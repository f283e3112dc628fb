"""One run at a time in a folder, however the one before it ended."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from lungseg.errors import UsageError
from pipelines.folder_lock import alone_in

HOLDS_WHILE_IT_DECODES = """\
import sys, time
from pathlib import Path
from lungseg.io import Part, Reading
from pipelines.decoder import Decoder
from pipelines.folder_lock import alone_in

out, hung = map(Path, sys.argv[1:])
with alone_in(out):
    decoder = Decoder([[Part(hung, hung.name)]], Reading(), seconds=600)
    decoder._await_start()
    print(decoder._process.pid, flush=True)
    time.sleep(600)
"""


def test_two_at_once_are_refused_and_one_after_the_other_is_not(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            alone_in(tmp_path),
            pytest.raises(UsageError, match="another run writes to"),
            alone_in(tmp_path),
        ):
            pass
    with pytest.raises(KeyError), alone_in(tmp_path):
        raise KeyError
    with alone_in(tmp_path):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that never answers")
def test_a_killed_run_holds_nothing_though_its_decoder_lives(
    tmp_path: Path, repository: Path
) -> None:
    out, hung = tmp_path / "out", tmp_path / "hung.png"
    out.mkdir()
    os.mkfifo(hung)
    run = subprocess.Popen(
        [sys.executable, "-c", HOLDS_WHILE_IT_DECODES, out, hung],
        cwd=repository,
        stdout=subprocess.PIPE,
        encoding="ascii",
    )
    assert run.stdout is not None
    decoder = int(run.stdout.readline())
    try:
        with pytest.raises(UsageError, match="another run"), alone_in(out):
            pass
        run.kill()
        run.communicate()
        os.kill(decoder, 0)  # it lives
        with alone_in(out):
            pass
    finally:
        run.kill()
        os.kill(decoder, signal.SIGKILL)


# other systems and file systems are not to be had here
def test_where_there_are_no_locks_nothing_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> NoReturn:
        raise OSError(errno.ENOLCK, "no locks available")

    with monkeypatch.context() as patch:
        patch.setattr("fcntl.flock", unsupported)
        with alone_in(tmp_path), alone_in(tmp_path):
            pass
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with alone_in(tmp_path), alone_in(tmp_path):
        pass
