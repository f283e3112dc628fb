"""Kill ``predict`` at random moments, resume it each time, and compare with an undisturbed run.

    python benchmarks/kill_and_resume.py
    python benchmarks/kill_and_resume.py --slices 40 --kills 6

The slices are phantoms: pictures, and one volume. The command must end with the same
predictions.csv, cases.csv, masks and overlays, byte for byte. Writes ``kill_and_resume.json``, from
which ``write_tables.py`` takes the figures of docs/program.md.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from result_file import write_result

from lungseg.errors import LungsegError
from lungseg.phantom import display, make_phantom
from pipelines.command import CommandParser

RESULT = Path(__file__).with_suffix(".json")
VOLUME = 0.3  # share of the slices that are in the volume
DISTINCT = 12  # phantoms; the rest are copies
AT_ONCE = 0.25  # share of the kills that do not wait for a row: while the networks are loaded
LOADING = 4.0  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write one JSON file; the exit code, 3 where anything was lost or changed."""
    parser = CommandParser(description=__doc__, prog="kill_and_resume.py")
    parser.add_argument("--slices", type=int, default=500)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=256, help="pixels of a side (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path, default=RESULT)
    return write_result(measured, parser.parse_args(arguments), failed=is_changed)


def is_changed(result: dict[str, Any]) -> bool:
    """Whether the kills lost, doubled or changed anything."""
    return bool(result["lost"] or result["doubled"] or result["different_files"])


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """What the kills left, beside a run in one go."""
    with tempfile.TemporaryDirectory() as folder:
        slices, whole, out = (Path(folder) / name for name in ("slices", "whole", "out"))
        write_phantoms(slices, given.slices, given.size)
        command = [sys.executable, "-m", "pipelines.predict", str(slices), "--masks", "--quiet"]
        command += ["--batch-size", str(given.batch_size)]
        command += ["--weights", str(given.weights)] if given.weights else []
        finish([*command, "--out", str(whole)])
        again = [*command, "--out", str(out), "--resume"]
        at = killed(again, out, given.kills, given.slices, random.Random(given.seed))
        finish(again)
        result = {"slices": given.slices, "kills": len(at), "killed_at_row": at}
        return result | compared(whole, out)


def write_phantoms(folder: Path, count: int, size: int) -> None:
    """``count`` slices: pictures in two folders, and a volume between them."""
    import nibabel
    from PIL import Image

    phantoms = [
        make_phantom(0.2 + 0.5 * number / DISTINCT, size=size, seed=number, lesions=0.3).hu
        for number in range(DISTINCT)
    ]
    in_volume = round(VOLUME * count)
    pictures = count - in_volume
    for number in range(pictures):
        file = folder / ("a" if number < pictures // 2 else "c") / f"{number:04}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(display(phantoms[number % DISTINCT])).save(file)
    stack = np.stack([phantoms[number % DISTINCT] for number in range(in_volume)])
    volume = nibabel.Nifti1Image(stack.astype(np.int16).T, np.diag([-0.7, -0.7, 2.0, 1.0]))
    nibabel.save(volume, folder / "b.nii.gz")


def killed(
    command: Sequence[str], out: Path, kills: int, slices: int, chance: random.Random
) -> list[int]:
    """Start the command and kill it, ``kills`` times; how many rows there were each time.

    A kill waits for some more rows, so that all of them are spread over the run.
    """
    at: list[int] = []
    while len(at) < kills:
        process = start(command)
        before = rows_in(out)
        more = chance.randint(1, max(1, 2 * (slices - before) // (kills - len(at) + 1)))
        goal = min(before + more, slices)
        until = time.monotonic() + chance.uniform(0, LOADING)
        at_once = chance.random() < AT_ONCE
        while process.poll() is None:
            if at_once and time.monotonic() > until:
                break
            if rows_in(out) >= goal:
                time.sleep(chance.uniform(0, 0.1))
                break
            time.sleep(0.002)
        process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            raise LungsegError(f"predict ended with {process.returncode} before kill {len(at) + 1}")
        at.append(rows_in(out))
    return at


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """The command as a process of its own, from the root of the checkout."""
    return subprocess.Popen(
        command, cwd=Path(__file__).resolve().parents[1], stdout=subprocess.DEVNULL, env=os.environ
    )


def finish(command: Sequence[str]) -> None:
    """Let the command end well."""
    process = start(command)
    if process.wait() != 0:
        raise LungsegError(f"predict ended with {process.returncode}")


def rows_in(out: Path) -> int:
    """How many whole rows the run has written so far."""
    for name in ("predictions.csv", "predictions.csv.part"):
        try:
            return max((out / name).read_bytes().count(b"\n") - 1, 0)
        except FileNotFoundError:
            continue
    return 0


def compared(whole: Path, out: Path) -> dict[str, Any]:
    """What was lost, doubled or changed by the kills."""
    rows = [(folder / "predictions.csv").read_text().splitlines()[1:] for folder in (whole, out)]
    files = [
        {
            file.relative_to(folder): file.read_bytes()
            for file in folder.rglob("*.*")
            if file.is_file() and file.name not in ("run.json", "report.html")
        }
        for folder in (whole, out)
    ]
    different = sorted(
        str(name)
        for name in files[0].keys() | files[1].keys()
        if files[0].get(name) != files[1].get(name)
    )
    return {
        "rows": len(rows[1]),
        "lost": len(set(rows[0]) - set(rows[1])),
        "doubled": len(rows[1]) - len(set(rows[1])),
        "different_files": different,
    }


if __name__ == "__main__":
    sys.exit(main())
