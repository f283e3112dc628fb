"""Predict every slice of a folder into rows, overlays and a record; streaming and resumable."""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lungseg.errors import UsageError
from lungseg.io import Inputs, find_inputs
from lungseg.regions import Region
from pipelines.output_folder import TOOL, OutputFolder
from pipelines.overlays import draw_overlay, overlay_name, write_overlay
from pipelines.prediction import Prediction, unreadable
from pipelines.read_ahead import Item, read_ahead
from pipelines.results import COLUMNS, Journal, cell_of_path, row_of
from pipelines.run_summary import NOTE, Tally, exit_code_of
from pipelines.versions import versions
from pipelines.weights import chosen_weights

if TYPE_CHECKING:
    from pipelines.two_stage import TwoStagePipeline

Progress = Callable[[int, int], object]
Row = tuple[str, ...]

CHUNKS_BEING_DRAWN = 2  # the networks compute one chunk while another one's overlays are written


@dataclass(frozen=True)
class Options:
    """What determines the rows and the overlays, besides the inputs and the weights.

    ``hu_offset``: 16-bit values are HU + this; None: they are stretched from their own range.
    ``threshold``: None for the classifier's own. ``batch_size``: slices at once, also the chunk
    in which rows are saved.
    """

    region: Region = "crop"
    device: str = "auto"
    batch_size: int = 16
    threshold: float | None = None
    hu_offset: float | None = None
    overlays: bool = True


def predict_folder(
    root: Path,
    out: Path,
    options: Options | None = None,
    weights: Path | None = None,
    workers: int = 2,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Predict each slice below ``root`` (or of the file ``root``); returns what ``run.json`` has.

    Writes ``predictions.csv``, ``run.json`` and ``overlays/`` to ``out``. Rows reach the disk chunk
    by chunk, and ``resume`` goes on after the last whole chunk with the same result as an
    undisturbed run; on a finished folder it only returns its record. ``workers`` threads decode
    ahead. ``progress(done, total)`` is called with numbers of files.

    Raises UsageError, before anything is written, for a missing or empty input, an ``out`` that is
    in the way, weights that are missing or damaged, and a run that other options had started.
    """
    options = options or Options()
    folder = OutputFolder(out)
    inputs = _inputs_outside(root, out)
    folder.check_apart_from(root, inputs.files)
    state = folder.state(resume, overwrite)
    paths = _relative(inputs.files, root)
    identity = {
        "options": asdict(options),
        "weights": chosen_weights(weights, options.region).identity(),
        "input_list_sha256": _fingerprint(inputs.files, paths),
        "versions": versions(),
    }
    if state == "finished":
        record = folder.started(finished=True)
        _check_same(record, identity, out)
        return record
    folder.check_writable()

    from pipelines.two_stage import TwoStagePipeline

    pipeline = TwoStagePipeline.from_checkpoints(
        weights,
        options.region,
        options.device,
        options.threshold,
    )
    identity["device"] = str(pipeline.segmenter.device)
    if state == "partial":
        start = folder.started(finished=False)
        _check_same(start, identity, out)
    else:
        start = {"tool": TOOL, "started": _now(), **identity}
        folder.start(start)

    began = time.perf_counter()
    tally = Tally()
    with Journal(folder.predictions_part, options.batch_size) as journal:
        for row in journal.kept:
            tally.add(row)
        kept = len(journal.kept)
        place = _resume_place(journal.kept, paths, out)
        items = read_ahead(inputs.files, workers, options.hu_offset, place)
        with closing(items):
            run = _Run(pipeline, paths, inputs.files, folder, options)
            for rows, position in run.chunks(items):
                journal.append(rows)
                for row in rows:
                    tally.add(row)
                if progress:
                    progress(position + 1, len(paths))
        seconds = time.perf_counter() - began
        record = {
            **start,
            "note": NOTE,
            "ended": _now(),
            "seconds": round(seconds, 3),
            "slices_per_second": round((tally.slices - kept) / seconds, 3),
            "resumed_after_slices": kept,
            "input": str(root),
            "inputs": len(paths),
            "ignored_files": inputs.ignored,
            "unreadable_folders": [str(one) for one in inputs.unreadable_folders],
            "threshold": pipeline.threshold,
            "slices": tally.slices,
            "status": dict(tally.status),
            "label": dict(tally.label),
            "look_at": tally.look_at,
            "written": {
                "rows": str(folder.predictions),
                "record": str(folder.run),
                **({"overlays": str(folder.overlays)} if options.overlays else {}),
            },
        }
        record["exit_code"] = int(exit_code_of(record))
        folder.write_run(record)
        journal.finish(folder.predictions)
    folder.run_part.unlink()
    return record


class _Run:
    """One pass over the items of a folder, chunk by chunk."""

    def __init__(
        self,
        pipeline: TwoStagePipeline,
        paths: Sequence[str],
        files: Sequence[Path],
        folder: OutputFolder,
        options: Options,
    ) -> None:
        self.pipeline = pipeline
        self.paths = paths
        self.files = files
        self.folder = folder
        self.options = options

    def chunks(self, items: Iterable[Item]) -> Iterator[tuple[list[Row], int]]:
        """Yield each chunk's rows once its overlays are on disk, and its last file's position."""
        waiting: deque[tuple[Future[None], list[Row], int]] = deque()
        with ThreadPoolExecutor(1, thread_name_prefix="overlays") as drawer:
            for chunk in _batched(items, self.options.batch_size):
                predictions = self._predict(chunk)
                drawn = drawer.submit(self._draw, chunk, predictions)
                rows = [row_of(prediction) for prediction in predictions]
                waiting.append((drawn, rows, chunk[-1].position))
                if len(waiting) >= CHUNKS_BEING_DRAWN:
                    yield _settled(waiting.popleft())
            while waiting:
                yield _settled(waiting.popleft())

    def _predict(self, chunk: Sequence[Item]) -> list[Prediction]:
        slices = [item.slice for item in chunk if item.slice is not None]
        seen = iter(self.pipeline.predict(slices, self.options.batch_size))
        return [
            self._failed(item)
            if item.slice is None
            else replace(next(seen), path=self.paths[item.position], slice=item.index)
            for item in chunk
        ]

    def _failed(self, item: Item) -> Prediction:
        path = self.paths[item.position]
        # The row has the path already; where the data lay on this machine is not its business.
        said = item.error.replace(str(self.files[item.position]), path)
        return unreadable(path, item.index, self.pipeline.threshold, said)

    def _draw(self, chunk: Sequence[Item], predictions: Sequence[Prediction]) -> None:
        if not self.options.overlays:
            return
        for item, prediction in zip(chunk, predictions, strict=True):
            if item.slice is None:
                continue
            box = self.pipeline.stage_two_box(prediction)
            file = self.folder.overlays / overlay_name(prediction.path, prediction.slice)
            write_overlay(draw_overlay(item.slice, prediction, box), file)


def _settled(waiting: tuple[Future[None], list[Row], int]) -> tuple[list[Row], int]:
    drawn, rows, position = waiting
    drawn.result()  # raises what went wrong while drawing
    return rows, position


def _batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _inputs_outside(root: Path, out: Path) -> Inputs:
    """The inputs below ``root`` without what lies in ``out``: overlays are no input."""
    inputs = find_inputs(root)
    if root.resolve() not in out.resolve().parents:
        return inputs
    # Compared as absolute names, links unresolved: a link below root to a picture stays an input.
    results = Path(os.path.abspath(out))
    outside = tuple(
        file for file in inputs.files if results not in Path(os.path.abspath(file)).parents
    )
    if not outside:
        raise UsageError(f"{root} has no input outside of {out}: give the folder of the slices")
    return replace(inputs, files=outside)


def _relative(files: Sequence[Path], root: Path) -> list[str]:
    return [file.relative_to(root).as_posix() if file != root else file.name for file in files]


def _fingerprint(files: Sequence[Path], paths: Sequence[str]) -> str:
    """SHA-256 over the relative paths and the sizes of the inputs, in their order."""
    digest = hashlib.sha256()
    for file, path in zip(files, paths, strict=True):
        try:
            size = file.stat().st_size
        except OSError:
            size = -1  # it gets its row as unreadable
        digest.update(os.fsencode(path) + b"\0%d\0" % size)
    return digest.hexdigest()


def _check_same(record: dict[str, Any], identity: dict[str, Any], out: Path) -> None:
    """Raise UsageError, naming what differs, unless the run that is here has this identity."""
    names = {
        "input_list_sha256": "the input files",
        "versions": "the installed versions",
        "device": "the device",
        "weights": "the weights",
    }
    differing = [names[key] for key in names if record.get(key) != identity.get(key, record[key])]
    before = record["options"]
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


def _resume_place(kept: Sequence[Row], paths: Sequence[str], out: Path) -> tuple[int, int]:
    """(position of the last file that has rows, how many): where to go on reading."""
    column = COLUMNS.index("path")
    position, done = 0, 0
    for row in kept:
        if done and row[column] != cell_of_path(paths[position]):
            position, done = position + 1, 0
        if position >= len(paths) or row[column] != cell_of_path(paths[position]):
            raise UsageError(f"the rows in {out} do not follow the input files: use --overwrite")
        done += 1
    return position, done


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
