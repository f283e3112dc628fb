"""Which files of a folder are the results of an earlier run, and no slices."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from lungseg.errors import UsageError
from lungseg.io import Inputs
from pipelines.output_folder import OutputFolder
from pipelines.versions import PACKAGE


def without_results(found: Inputs, root: Path) -> tuple[Inputs, tuple[Path, ...]]:
    """The inputs below ``root`` that no earlier run has drawn, and the folders of those runs.

    Overlays, masks and segmentations would become cases. Raises UsageError where nothing else is
    left.
    """
    folders = {folder for file in found.files for folder in (root, *file.parents)}
    below = {folder for folder in folders if folder == root or root in folder.parents}
    results = {folder for folder in below if _has_results(folder)}
    files = tuple(file for file in found.files if results.isdisjoint(file.parents))
    if not files:
        raise UsageError(
            f"{root} has nothing but the results of earlier runs: give the folder of the slices"
        )
    return replace(found, files=files), tuple(sorted(results))


def _has_results(folder: Path) -> bool:
    """Whether the record of a run of this package lies in ``folder``."""
    run = OutputFolder(folder)
    return any(_is_record(file) for file in (run.run, run.run_part))


def _is_record(file: Path) -> bool:
    try:
        record = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and str(record.get("tool")).startswith(f"{PACKAGE} ")
