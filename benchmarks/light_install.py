"""What ``pip install .`` brings, on disk, and how soon ``predict`` answers in it.

    python benchmarks/light_install.py

Installs the checkout without extras into a fresh virtual environment. Writes
``light_install.json``, from which ``write_tables.py`` takes the figures of docs/program.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from result_file import write_result

from pipelines.command import CommandParser

ROOT = Path(__file__).resolve().parents[1]
SLICE = "samples/patient-1/healthy_heart_mediastinal-window.bmp"
FROM_THE_START = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils")
LARGEST = 5  # packages that are named
POLL = 0.02  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, measure and write one JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="light_install.py")
    parser.add_argument("--runs", type=int, default=3, help="of each input (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    return write_result(measured, parser.parse_args(arguments))


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """Megabytes and first rows in a fresh environment."""
    load = round(os.getloadavg()[0], 1)  # of others, on whom the seconds of the clock depend
    with tempfile.TemporaryDirectory() as folder:
        python = installed(Path(folder) / "venv")
        samples = python.parents[1].with_name("inputs")
        samples.mkdir()
        (samples / "samples").symlink_to(ROOT / "samples")
        (packages,) = (python.parents[1] / "lib").glob("python*/site-packages")
        first = {
            what: [first_row(python, samples, path) for _ in range(given.runs)]
            for what, path in (("one slice", SLICE), ("samples", "samples"))
        }
        machine = {"cores": os.cpu_count(), "load": load}
        return {**machine, "megabytes": megabytes(packages), "first_row": first}


def installed(folder: Path) -> Path:
    """The Python of a fresh environment with the package and what it needs, compiled."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    constraints = str(ROOT / "constraints.txt")
    with tempfile.TemporaryDirectory() as checkout:  # a build leaves its things where it is made
        subprocess.run(["git", "clone", "--quiet", ROOT, checkout], check=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "-c", constraints, checkout]
        subprocess.run(command, check=True)
    return python


def megabytes(packages: Path) -> dict[str, float]:
    """Million bytes that site-packages takes on disk, without pip and setuptools: ``all``, and of
    the largest packages by name."""
    taken: dict[str, int] = {}
    for top in packages.iterdir():
        if not top.name.startswith(FROM_THE_START):
            files = [top] if top.is_file() else [one for one in top.rglob("*") if one.is_file()]
            name = top.name.partition(".")[0]  # numpy.libs is numpy
            blocks = sum(one.lstat().st_blocks for one in files)
            taken[name] = taken.get(name, 0) + 512 * blocks
    largest = sorted(taken, key=lambda name: taken[name], reverse=True)[:LARGEST]
    found = {"all": sum(taken.values()), **{name: taken[name] for name in largest}}
    return {name: round(size / 1e6, 1) for name, size in found.items()}


def first_row(python: Path, folder: Path, path: str) -> dict[str, float]:
    """Seconds from the start of ``predict`` to its first row, and those of processor that its main
    process took by then."""
    out = Path(tempfile.mkdtemp(dir=folder)) / "out"
    command = [str(python), "-m", "pipelines.predict", path, "--out", str(out), "--quiet"]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    rows = out / "predictions.csv.part"
    while process.poll() is None and not (rows.is_file() and rows.read_bytes().count(b"\n") > 1):
        time.sleep(POLL)
    seconds = time.perf_counter() - began
    if process.returncode is not None:
        raise RuntimeError(f"{command} ended before its first row was seen")
    process.kill()
    _, _, used = os.wait4(process.pid, 0)
    return {"seconds": round(seconds, 2), "processor": round(used.ru_utime + used.ru_stime, 2)}


if __name__ == "__main__":
    sys.exit(main())
