"""What makes two runs the same, so that one may go on with the rows of the other."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lungseg.errors import UsageError
from lungseg.io import data_file_of
from pipelines.results import cell, cell_of_path
from pipelines.versions import versions

_NAMES = {
    "input_list_sha256": "the input files",
    "versions": "the installed versions",
    "device": "the device",
    "backend": "the backend",
    "weights": "the weights or their cards",
}


def now() -> str:
    """The time in UTC, to the second, as ``run.json`` has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def relative(file: Path, root: Path) -> str:
    """``file`` below ``root`` with slashes; its name where ``root`` is the file."""
    return file.relative_to(root).as_posix() if file != root else file.name


def identity_of(
    options: Mapping[str, Any],
    weights: Mapping[str, Any],
    files: Sequence[Path],
    paths: Sequence[str],
) -> dict[str, Any]:
    """What determines the rows: options, weights, input list and versions.

    The inputs count by their relative ``paths``, sizes and times of change (to the second), so that
    a folder may have moved, as far as that keeps these times.
    """
    return {
        "options": dict(options),
        "weights": dict(weights),
        "input_list_sha256": _fingerprint(files, paths),
        "versions": versions(),
    }


def check_same(record: Mapping[str, Any], identity: Mapping[str, Any], out: Path) -> None:
    """Raise UsageError, naming what differs, unless the run recorded in ``out`` is this one."""
    differing = [
        said for key, said in _NAMES.items() if key in identity and record.get(key) != identity[key]
    ]
    before = record.get("options", {})
    differing += [
        f"--{name.replace('_', '-')} ({before.get(name)} before, {value} now)"
        for name, value in identity["options"].items()
        if before.get(name) != value
    ]
    if differing:
        raise UsageError(
            f"{out} holds a run that differs in {' and '.join(differing)}: resume it as it was "
            "started, replace it with --overwrite, or choose another --out"
        )


def resume_place(
    kept: Sequence[tuple[str, ...]], paths: Sequence[str], out: Path
) -> tuple[int, int]:
    """(position of the last input that has rows, how many): where to go on reading.

    Raises UsageError when the rows do not follow the inputs.
    """
    position, done = 0, 0
    for row in kept:
        if done and cell(row, "path") != cell_of_path(paths[position]):
            position, done = position + 1, 0
        if position >= len(paths) or cell(row, "path") != cell_of_path(paths[position]):
            raise UsageError(f"the rows in {out} do not follow the input files: use --overwrite")
        done += 1
    return position, done


def _fingerprint(files: Sequence[Path], paths: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for file, path in zip(files, paths, strict=True):
        digest.update(os.fsencode(path) + _state(file))
        data = data_file_of(file)
        if isinstance(data, Path):  # the voxels of a header
            digest.update(os.fsencode(data.name) + _state(data))
    return digest.hexdigest()


def _state(file: Path) -> bytes:
    """Size and time of change; most pictures that are written again have the size of before."""
    try:
        found = file.stat()
    except OSError:
        return b"\0-1\0"  # it gets its row as unreadable
    return b"\0%d %d\0" % (found.st_size, found.st_mtime)
