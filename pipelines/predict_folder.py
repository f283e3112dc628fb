"""Predict every slice of a folder into rows, overlays and a record; streaming and resumable."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covidcls.operating_point import DEFAULT_AIM
from lungseg.errors import UsageError
from lungseg.io import Grouped, Input, Inputs, find_inputs, group_inputs
from lungseg.regions import Region
from pipelines.output_folder import OutputFolder
from pipelines.overlays import draw_overlay, overlay_name, write_overlay
from pipelines.prediction import Prediction, unreadable
from pipelines.read_ahead import Item, read_ahead
from pipelines.results import Journal, row_of
from pipelines.run_identity import check_same, identity_of, now, relative, resume_place
from pipelines.run_summary import NOTE, Tally, exit_code_of
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
    ``threshold``: None for that of the ``operating_point``. ``batch_size``: slices at once, also
    the chunk in which rows are saved.
    """

    region: Region = "crop"
    device: str = "auto"
    batch_size: int = 16
    threshold: float | None = None
    hu_offset: float | None = None
    overlays: bool = True
    operating_point: str = DEFAULT_AIM

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise UsageError(f"batch size {self.batch_size} is too small: choose 1 or more")


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
    ahead. ``progress(done, total)`` is called with numbers of inputs: pictures, volumes and series.

    Raises UsageError, before anything is written, for a missing or empty input, an ``out`` that is
    in the way, weights that are missing or damaged, and a run that other options had started.
    """
    options = options or Options()
    folder = OutputFolder(out)
    inputs = _inputs_outside(root, out)
    folder.check_apart_from(root, inputs.files)
    state = folder.state(resume, overwrite)
    paths = [relative(file, root) for file in inputs.files]
    chosen = chosen_weights(weights, options.region).identity()
    identity = identity_of(asdict(options), chosen, inputs.files, paths)
    if state == "finished":
        record = folder.started(finished=True)
        check_same(record, identity, out)
        return record
    folder.check_writable()
    grouped = group_inputs(inputs.files, root)
    if not grouped.inputs:
        raise UsageError(f"{root} has no slice: its files are tables of contents (DICOMDIR)")

    from pipelines.two_stage import TwoStagePipeline

    pipeline = TwoStagePipeline.from_checkpoints(
        weights, options.region, options.device, options.threshold, options.operating_point
    )
    identity["device"] = str(pipeline.segmenter.device)
    start = folder.begin(state, identity)
    run = _Run(pipeline, grouped.inputs, folder, options)
    record = {**start, "note": NOTE, "input": str(root), "threshold": pipeline.threshold}
    record["operating_point"] = pipeline.operating_point
    record |= _described(inputs, grouped)
    with Journal(folder.rows_part, options.batch_size) as journal:
        record |= run.to_journal(journal, workers, progress)
        record |= {"ended": now(), "written": _written(folder, options)}
        record["exit_code"] = int(exit_code_of(record))
        folder.write_run(record)
        journal.finish(folder.rows)
    folder.run_part.unlink()
    return record


class _Run:
    """One pass over the items of a folder, chunk by chunk."""

    def __init__(
        self,
        pipeline: TwoStagePipeline,
        inputs: Sequence[Input],
        folder: OutputFolder,
        options: Options,
    ) -> None:
        self.pipeline = pipeline
        self.inputs = inputs
        self.paths = [one.name for one in inputs]
        self.folder = folder
        self.options = options

    def to_journal(
        self, journal: Journal, workers: int, progress: Progress | None
    ) -> dict[str, Any]:
        """Bring the journal to its end; returns the counts and the speed for the record."""
        began = time.perf_counter()
        tally = Tally()
        for row in journal.kept:
            tally.add(row)
        kept = tally.slices
        place = resume_place(journal.kept, self.paths, self.folder.path)
        with closing(read_ahead(self.inputs, workers, self.options.hu_offset, place)) as items:
            for rows, position in self._chunks(items):
                journal.append(rows)
                for row in rows:
                    tally.add(row)
                if progress:
                    progress(position + 1, len(self.paths))
        seconds = time.perf_counter() - began
        return {
            **tally.as_dict(),
            "resumed_after_slices": kept,
            "seconds": round(seconds, 3),
            "slices_per_second": round((tally.slices - kept) / seconds, 3),
        }

    def _chunks(self, items: Iterable[Item]) -> Iterator[tuple[list[Row], int]]:
        """Yield each chunk's rows once its overlays are on disk, and its last input's position."""
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
            unreadable(self.paths[item.position], item.index, self.pipeline.threshold, item.error)
            if item.slice is None
            else replace(next(seen), path=self.paths[item.position], slice=item.index)
            for item in chunk
        ]

    def _draw(self, chunk: Sequence[Item], predictions: Sequence[Prediction]) -> None:
        if not self.options.overlays:
            return
        for item, prediction in zip(chunk, predictions, strict=True):
            if item.slice is None:
                continue
            box = self.pipeline.stage_two_box(prediction)
            file = self.folder.pictures / overlay_name(prediction.path, prediction.slice)
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


def _described(inputs: Inputs, grouped: Grouped) -> dict[str, Any]:
    return {
        "inputs": len(grouped.inputs),
        "ignored_files": inputs.ignored + grouped.ignored,
        "unreadable_folders": [str(folder) for folder in inputs.unreadable_folders],
    }


def _written(folder: OutputFolder, options: Options) -> dict[str, str]:
    files = {"rows": folder.rows, "record": folder.run}
    if options.overlays:
        files["overlays"] = folder.pictures
    return {name: str(file) for name, file in files.items()}
