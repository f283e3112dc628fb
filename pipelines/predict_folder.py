"""Predict every slice of a folder into rows, cases, pictures and a record; resumable."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lungseg import drawing
from lungseg.errors import UsageError
from lungseg.io import (
    LUNG_WINDOW,
    Grouped,
    Input,
    Inputs,
    Reading,
    find_inputs,
    group_inputs,
)
from lungseg.io.dicom.segmentation import Algorithm
from lungseg.io.grouping import check_slices
from lungseg.slice import Slice
from lungseg.whole_file import write_whole
from pipelines.case_table import CASE_COLUMNS, write_cases
from pipelines.cases import Case, Deciding, cases_of, rows_in
from pipelines.chunks import chunks
from pipelines.dicom_seg import DicomSegmentations
from pipelines.earlier_results import without_results
from pipelines.extras import check_installed
from pipelines.masks import write_slice_mask, write_volume_mask
from pipelines.output_folder import OutputFolder
from pipelines.overlays import draw_overlay, overlay_name, write_picture
from pipelines.patient_column import PatientColumn
from pipelines.predict_options import Options
from pipelines.predict_report import MOST_CASES, render
from pipelines.prediction import Prediction, unreadable
from pipelines.read_ahead import SECONDS, Item, read_ahead
from pipelines.results import COLUMNS, Journal, row_of
from pipelines.run_identity import check_same, identity_of, now, relative, resume_place
from pipelines.run_summary import NOTE, Tally, exit_code_of
from pipelines.versions import package_version
from pipelines.weights import chosen_weights
from pipelines.whole_inputs import Then, WholeInputs

if TYPE_CHECKING:
    from pipelines.two_stage import TwoStagePipeline

Progress = Callable[[int, int], object]
Row = tuple[str, ...]

OTHER_WINDOW = (
    "seen through another window than that of the lungs, which the networks were made for: look at "
    "the picture, and believe no figure"
)
CHUNKS_COMPUTED = 2  # at once: one is prepared or cut while a network has the other
CHUNKS_IN_FLIGHT = CHUNKS_COMPUTED + 1  # and of one more the overlays are written


def predict_folder(
    root: Path,
    out: Path,
    options: Options | None = None,
    weights: Path | None = None,
    workers: int = 2,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    timeout: float = SECONDS,
) -> dict[str, Any]:
    """Predict each slice below ``root`` (or of the file ``root``); returns what ``run.json`` has.

    Writes ``predictions.csv``, ``cases.csv``, ``run.json``, and as ``options`` say ``report.html``,
    ``overlays/``, ``masks/`` and ``dicom_seg/`` to ``out``. Rows reach the disk chunk by chunk, and
    ``resume`` goes on after the last whole chunk with the same result as an undisturbed run; on a
    finished folder it only returns its record. ``workers`` processes decode ahead, each slice
    within ``timeout`` seconds, else it is unreadable. ``progress(done, total)`` is called with
    numbers of inputs: pictures, volumes and series, done once all their rows are on the disk.

    Raises UsageError, before anything is written, for a missing or empty input, an ``out`` that is
    in the way, weights that are missing or damaged, and a run that other options had started.
    """
    options = options or Options()
    folder = OutputFolder(out)
    inputs, earlier = without_results(_inputs_outside(root, out), root)
    folder.check_apart_from(root, inputs.files)
    state = folder.state(resume, overwrite)
    paths = [relative(file, root) for file in inputs.files]
    chosen = chosen_weights(weights, options.region).identity()
    identity = identity_of(options.as_dict(), chosen, inputs.files, paths)
    if state == "finished":
        record = folder.started(finished=True)
        check_same(record, identity, out)
        folder.run_part.unlink(missing_ok=True)  # of a run that was killed as its last act
        return record
    if options.dicom_seg:
        check_installed("dicom-seg")
    folder.check_writable()
    grouped = group_inputs(inputs.files, root)
    check_slices(grouped, root)

    from pipelines.two_stage import TwoStagePipeline

    pipeline = TwoStagePipeline.from_checkpoints(
        weights,
        options.region,
        options.device,
        options.threshold,
        options.operating_point,
        options.backend,
    )
    identity |= {"device": pipeline.segmenter.device, "backend": pipeline.backend}
    run = _Run(pipeline, grouped.inputs, folder, options)
    with (
        folder.begin(state, identity) as start,
        Journal(folder.rows_part, options.batch_size, run.columns) as journal,
    ):
        record = {**start, "note": NOTE, "input": str(root), "threshold": pipeline.threshold}
        record["operating_point"] = pipeline.operating_point
        record |= _described(inputs, grouped, earlier)
        record |= run.to_journal(journal, workers, timeout, progress)
        record["written"] = _written(folder, options)
        highest = run.cases(record)
        record["ended"] = now()
        record["exit_code"] = int(exit_code_of(record))
        if options.report:
            run.report(record, highest)
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
        self.patients = PatientColumn(inputs, options.identity)
        self.columns = (*COLUMNS, *self.patients.header)
        self.segmentations = self._segmentations() if options.dicom_seg else None

    def to_journal(
        self, journal: Journal, workers: int, timeout: float, progress: Progress | None
    ) -> dict[str, Any]:
        """Bring the journal to its end; returns the counts and the speed for the record."""
        began = time.perf_counter()
        tally = Tally()
        place = resume_place(journal.kept, self.paths, self.folder.path)
        whole = WholeInputs(self.inputs, self._then())

        def count(rows: Iterable[Row]) -> None:
            for row in rows:
                tally.add(row)
                whole.add(row)

        count(journal.kept)
        kept = tally.slices
        reading = Reading(self.options.hu_offset, self.options.window)
        with closing(read_ahead(self.inputs, workers, reading, place, timeout)) as items:
            for rows, position in self._computed(chunks(items, self.options.batch_size, kept)):
                journal.append(rows)
                count(rows)
                if progress:
                    progress(position, len(self.paths))  # the last one may have more slices
        whole.finish()
        if progress:
            progress(len(self.paths), len(self.paths))
        seconds = time.perf_counter() - began
        segmented = {"dicom_seg": self.segmentations.as_dict()} if self.segmentations else {}
        return {
            **tally.as_dict(),
            **segmented,
            "resumed_after_slices": kept,
            "seconds": round(seconds, 3),
            "slices_per_second": round((tally.slices - kept) / seconds, 3),
        }

    def cases(self, record: dict[str, Any]) -> list[Case]:
        """Write ``cases.csv`` of the rows that are all there, and its counts to the record."""
        found = cases_of(
            rows_in(self.folder.rows_part),
            self.inputs,
            self.options.case,
            self.pipeline.threshold,
            self.pipeline.classifier.band,
        )
        columns = (*CASE_COLUMNS, *self.patients.header)
        record["cases"], highest = write_cases(found, self.folder.cases, MOST_CASES, columns)
        return highest

    def report(self, record: Mapping[str, Any], cases: Sequence[Case]) -> None:
        """Write ``report.html``."""

        def picture_of(one: Deciding) -> Path:
            return self.folder.pictures / overlay_name(one.path, one.index)

        page = render(record, self.pipeline.classifier.card, cases, picture_of)
        write_whole(self.folder.report, page.encode("utf-8"))

    def _computed(self, batches: Iterable[Sequence[Item]]) -> Iterator[tuple[list[Row], int]]:
        """Yield each chunk's rows once its overlays are on disk, and its last input's position."""
        waiting: deque[tuple[Sequence[Item], Future[list[Prediction]], Future[None]]] = deque()
        most = 0  # the first rows do not wait for the next ones
        with (
            ThreadPoolExecutor(CHUNKS_COMPUTED, thread_name_prefix="networks") as networks,
            ThreadPoolExecutor(1, thread_name_prefix="overlays") as drawer,
        ):
            for chunk in batches:
                computed = networks.submit(self._predict, chunk)
                waiting.append((chunk, computed, drawer.submit(self._draw, chunk, computed)))
                if len(waiting) > most:
                    yield self._settled(*waiting.popleft())
                    most = CHUNKS_IN_FLIGHT - 1
            while waiting:
                yield self._settled(*waiting.popleft())

    def _settled(
        self,
        chunk: Sequence[Item],
        computed: Future[list[Prediction]],
        drawn: Future[None],
    ) -> tuple[list[Row], int]:
        drawn.result()  # raises what went wrong while computing or drawing
        rows = [
            (*row_of(prediction), *self.patients.cell(item.position))
            for item, prediction in zip(chunk, computed.result(), strict=True)
        ]
        return rows, chunk[-1].position

    def _segmentations(self) -> DicomSegmentations:
        segmenter = self.pipeline.segmenter
        algorithm = Algorithm(segmenter.name, package_version(), segmenter.sha256[:16])
        return DicomSegmentations(self.folder.dicom_seg, algorithm, self.options.identity)

    def _then(self) -> list[Then]:
        """What is done with each input that is whole."""
        then: list[Then] = []
        if self.options.masks:
            then.append(partial(write_volume_mask, self.folder.masks))
        if self.segmentations is not None:
            then.append(self.segmentations.write_input)
        return then

    def _predict(self, chunk: Sequence[Item]) -> list[Prediction]:
        slices = [self._told(item.slice) for item in chunk if item.slice is not None]
        seen = iter(self.pipeline.predict(slices, self.options.batch_size))
        found = []
        for item in chunk:
            path = self.paths[item.position]
            file = self.inputs[item.position].part_of(item.index).name
            if item.slice is None:
                threshold = self.pipeline.threshold
                found.append(unreadable(path, item.index, threshold, item.error, file))
            else:
                found.append(replace(next(seen), path=path, slice=item.index, file=file))
        return found

    def _told(self, one: Slice) -> Slice:
        """The slice, which says so where the networks see it as they never saw one."""
        if one.scale != "hu" or self.options.window == LUNG_WINDOW:
            return one
        return replace(one, messages=(*one.messages, OTHER_WINDOW))

    def _draw(self, chunk: Sequence[Item], computed: Future[list[Prediction]]) -> None:
        for item, prediction in zip(chunk, computed.result(), strict=True):
            if item.slice is None:
                continue
            if self.options.overlays:
                self._draw_overlay(item.slice, prediction)
            if self.options.masks:
                write_slice_mask(prediction, self.folder.masks)
            if self.segmentations is not None:
                self.segmentations.write_slice(self.inputs[item.position], prediction)

    def _draw_overlay(self, one: Slice, prediction: Prediction) -> None:
        box = self.pipeline.stage_two_box(prediction)
        heat_map = self.pipeline.heat_map(one, prediction) if self.options.heat_map else None
        picture = draw_overlay(one, prediction, box, heat_map)
        file = self.folder.pictures / overlay_name(prediction.path, prediction.slice)
        write_picture(drawing.encode(picture), file)


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


def _described(inputs: Inputs, grouped: Grouped, earlier: Sequence[Path]) -> dict[str, Any]:
    return {
        "inputs": len(grouped.inputs),
        "ignored_files": inputs.ignored + grouped.ignored,
        "ignored_extensions": dict(inputs.extensions),
        "earlier_results": [str(folder) for folder in earlier],
        "unreadable_folders": [str(folder) for folder in inputs.unreadable_folders],
    }


def _written(folder: OutputFolder, options: Options) -> dict[str, str]:
    """What the run wrote; of folders, those that something was written to."""
    files = {"rows": folder.rows, "cases": folder.cases, "record": folder.run}
    if options.report:
        files["report"] = folder.report
    folders = {
        "overlays": (options.overlays, folder.pictures),
        "masks": (options.masks, folder.masks),
        "dicom_seg": (options.dicom_seg, folder.dicom_seg),
    }
    files |= {name: path for name, (asked, path) in folders.items() if asked and path.exists()}
    return {name: str(file) for name, file in files.items()}
