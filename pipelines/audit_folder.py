"""Audit a labelled image set into a page, rows and a record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covidcls.audit.inventory import Inventory, class_folders, covid_ct
from covidcls.data.pictures import Layout
from lungseg.checkpoint import resolve
from lungseg.errors import CheckpointError, UsageError
from pipelines.audit_output import FILES, check_split_file, write_results
from pipelines.command import ExitCode
from pipelines.extras import check_installed
from pipelines.output_folder import check_results_go_to
from pipelines.progress import Progress
from pipelines.run_identity import identity_of, now

if TYPE_CHECKING:
    from covidcls.data.mask_cache import MaskCache

Tell = Callable[[str], object]


@dataclass(frozen=True)
class DataSet:
    """Where the images are, and how their labels, splits and patients are told.

    ``splits`` and ``patients``: see ``inventory.class_folders``. COVID-CT brings its own patients,
    and a split where ``splits`` is None.
    """

    root: Path
    layout: Layout = "folders"
    splits: Path | None = None
    patients: Path | None = None

    def inventory(self) -> Inventory:
        """The labelled images. Raises UsageError where they are not as ``layout`` says."""
        if not self.root.is_dir():
            raise UsageError(f"{self.root} is not a folder; check its spelling")
        if self.layout == "folders":
            return class_folders(self.root, self.splits, self.patients)
        if self.patients:
            raise UsageError("--patients goes with --layout folders: covid-ct has its own")
        return covid_ct(self.root, self.splits)


@dataclass(frozen=True)
class Options:
    """What to do: see ``python -m pipelines.audit --help``."""

    compare_splits: bool = False
    build_split: Path | None = None
    seed: int = 0
    lungs: bool = True
    weights: Path | None = None
    device: str = "auto"


def audit_folder(
    data: DataSet,
    out: Path,
    options: Options | None = None,
    overwrite: bool = False,
    workers: int = 0,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Write ``audit.html``, ``audit.csv`` and ``audit.json`` to ``out``; returns the record.

    ``workers``: processes that read (0: this one). ``progress(done, total)`` is called with numbers
    of files, ``tell(sentence)`` before each longer step. Splits that cannot be compared or built
    are among the ``failures`` of the record, and the rest is written. Raises UsageError, before
    anything is written, for a missing or empty input, tables that do not fit it, outputs in the
    way, and where the extra ``audit`` is not installed.
    """
    options = options or Options()
    began, started = time.perf_counter(), now()
    check_results_go_to(out, [data.root], overwrite)
    if options.build_split:
        check_split_file(options.build_split, overwrite)
    inventory = data.inventory()
    check_installed("audit")
    masks, made_by = _masks(options)

    from covidcls.audit.audit import audit_images
    from covidcls.audit.report import looked_at, record_of
    from covidcls.audit.splits import build_split, write_split

    audit = audit_images(
        inventory, masks, options.compare_splits, options.seed, workers, progress, tell
    )
    split = None
    if options.build_split:
        try:
            split = build_split(inventory.images, audit.ties, seed=options.seed)
        except UsageError as error:
            failure = f"no split was built: {error}"
            audit = replace(audit, failures=(*audit.failures, failure))
    paths = sorted({image.path for image in inventory.images})
    chosen = {
        "layout": data.layout,
        "splits": _text(data.splits),
        "patients": _text(data.patients),
        "compare_splits": options.compare_splits,
        "build_split": _text(options.build_split),
        "seed": options.seed,
        "no_lungs": masks is None,
    }
    record = {
        "tool": "lungseg-covid audit",
        "started": started,
        "input": data.root.resolve().name,
        "looked_at": looked_at(audit),
        **identity_of(chosen, made_by, [data.root / path for path in paths], paths),
        **record_of(audit),
        "built_split": split.record() if split else None,
        "written": _written(out, options.build_split if split else None),
        "exit_code": int(ExitCode.LOOK if audit.needs_look else ExitCode.DONE),
        "seconds": round(time.perf_counter() - began, 1),
    }
    if split and options.build_split:
        write_split(split, options.build_split)
    write_results(out, audit, record)
    return record


def _written(out: Path, split: Path | None) -> dict[str, str]:
    written = {what: str(out / file) for what, file in FILES.items()}
    return {**written, "split": str(split)} if split else written


def _masks(options: Options) -> tuple[MaskCache | None, dict[str, Any]]:
    """Stage 1 for the floor without lungs, and what it is known by; None where it is not to be
    had and was not asked for by name."""
    if not options.lungs:
        return None, {}
    try:
        resolve(None, options.weights, "segmenter")
    except CheckpointError:
        if options.weights is not None:
            raise
        return None, {}

    from covidcls.data.mask_cache import MaskCache
    from lungseg.segmenter import LungSegmenter

    segmenter = LungSegmenter.from_checkpoint(None, options.weights, options.device)
    made_by = {"name": segmenter.name, "sha256": segmenter.sha256}
    return MaskCache(segmenter), {"segmenter": made_by}


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
