"""Explain every slice of a folder into rows, pictures and a record."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covidcls.explanation.explain import Method, check_explainable, explain
from lungseg.checkpoint import resolve
from lungseg.drawing import encode
from lungseg.errors import UsageError
from lungseg.inversion import masks_either_way
from lungseg.io import Reading, find_inputs, group_inputs
from lungseg.regions import Region
from lungseg.whole_file import write_whole
from pipelines.choice import Choice
from pipelines.command import ExitCode
from pipelines.earlier_results import without_results
from pipelines.explain_figures import COLUMNS, Explained, figures
from pipelines.explain_pictures import panel, picture_of, plain_panel, sheet_of
from pipelines.output_folder import OutputFolder, check_results_go_to
from pipelines.overlays import overlay_name, write_picture
from pipelines.prediction import STATUSES, unreadable
from pipelines.progress import Progress
from pipelines.read_ahead import SECONDS, Item, read_ahead
from pipelines.results import as_csv
from pipelines.run_identity import identity_of, now, relative
from pipelines.run_summary import NOTE

if TYPE_CHECKING:
    from pipelines.two_stage import TwoStagePipeline

ROWS, PICTURES, SHEET = "explanations.csv", "pictures", "sheet.png"
WORKERS = 1  # process that decodes ahead: explaining takes far longer than decoding


@dataclass(frozen=True)
class Options:
    """What to explain and how: see ``python -m pipelines.explain --help``.

    ``checkpoints``: classifiers by name or file; none: the defaults of ``weights`` for ``regions``.
    """

    regions: tuple[Region, ...] = ("crop",)
    checkpoints: tuple[str, ...] = ()
    methods: tuple[Method, ...] = ("cam",)
    weights: Path | None = None
    device: str = "auto"
    backend: str = "auto"
    hu_offset: float | None = None


def explain_folder(
    root: Path,
    out: Path,
    options: Options | None = None,
    choice: Choice | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    workers: int = WORKERS,
    timeout: float = SECONDS,
) -> dict[str, Any]:
    """Explain each slice below ``root`` (or of the file ``root``); returns what ``run.json`` has.

    Writes ``explanations.csv`` and ``run.json`` to ``out``, and ``pictures/`` and ``sheet.png``
    where a slice is judged. ``workers`` processes decode ahead, each slice within ``timeout``
    seconds, else it is unreadable. ``progress(done, total)`` is called with numbers of inputs:
    pictures, volumes and series.

    Raises UsageError, before anything is written, for a missing or empty input, an ``out`` in the
    way, weights that are missing, damaged or of one name, and ``grad-cam`` of a network that has
    none.
    """
    options = options or Options()
    began = time.perf_counter()
    found, earlier = without_results(find_inputs(root), root)
    files = (choice or Choice()).of(found.files)
    check_results_go_to(out, (root,), overwrite)
    inputs = group_inputs(files, root).inputs
    pipelines = _pipelines(options)
    run = _Run(pipelines, options.methods, OutputFolder(out, "explain", ROWS, PICTURES, SHEET))
    paths = [relative(file, root) for file in files]
    identity = identity_of({**asdict(options), "weights": None}, run.weights(), files, paths)
    identity["device"] = str(run.segmenter.device)
    with run.folder.begin("new", identity) as start:
        rows: list[Explained] = []
        with closing(
            read_ahead(inputs, workers, Reading(options.hu_offset), seconds=timeout)
        ) as items:
            for item in items:
                rows += run.rows_of(item, inputs[item.position].name)
                if progress:
                    progress(item.position + 1, len(inputs))
        run.write_sheet(out / SHEET)
        write_whole(run.folder.rows, as_csv([COLUMNS, *(row.cells() for row in rows)]))
        statuses = Counter({(row.path, row.slice): row.status for row in rows}.values())
        look = statuses["unreadable"] or statuses["not_ct"]
        written = {"rows": run.folder.rows}
        if run.drawn:
            written |= {"pictures": run.folder.pictures, "sheet": out / SHEET}
        record = {
            **start,
            "note": NOTE,
            "input": str(root),
            "inputs": len(inputs),
            "earlier_results": [str(folder) for folder in earlier],
            "slices": {status: statuses[status] for status in STATUSES},
            **figures(rows),
            "ended": now(),
            "seconds": round(time.perf_counter() - began, 1),
            "written": {name: str(path) for name, path in written.items()},
            "exit_code": int(ExitCode.LOOK if look else ExitCode.DONE),
        }
        run.folder.write_run(record)
        run.folder.run_part.unlink()
    return record


class _Run:
    """Rows and pictures of one slice after the other."""

    def __init__(
        self,
        pipelines: Sequence[TwoStagePipeline],
        methods: Sequence[Method],
        folder: OutputFolder,
    ) -> None:
        self.pipelines = pipelines
        self.methods = methods
        self.folder = folder
        self.segmenter = pipelines[0].segmenter
        self.drawn: list[Path] = []

    def weights(self) -> dict[str, Any]:
        """Names and hashes, for the record."""
        classifiers = [one.classifier for one in self.pipelines]
        return {
            "segmenter": {"name": self.segmenter.name, "sha256": self.segmenter.sha256},
            "classifiers": [{"name": one.name, "sha256": one.sha256} for one in classifiers],
        }

    def rows_of(self, item: Item, name: str) -> list[Explained]:
        """A row for each classifier and method, once the picture is on disk; one row for a slice
        that is not judged."""
        if item.slice is None:
            said = unreadable(name, item.index, self.pipelines[0].threshold, item.error)
            return [Explained.of(said)]
        predictions = [
            replace(pipeline.predict([item.slice])[0], path=name, slice=item.index)
            for pipeline in self.pipelines
        ]
        if predictions[0].status != "ok":
            return [Explained.of(predictions[0])]
        # again: predictions keep no probabilities
        [seen], [lung] = masks_either_way(self.segmenter, [item.slice])
        rows, panels = [], [plain_panel(seen, lung.mask, name)]
        for pipeline, prediction in zip(self.pipelines, predictions, strict=True):
            for method in self.methods:
                found = explain(pipeline.classifier, seen, lung, method)
                row = Explained.of(
                    prediction, pipeline.classifier.name, pipeline.region, method, found.energy
                )
                rows.append(row)
                panels.append(panel(seen, lung.mask, found, row))
        file = self.folder.pictures / overlay_name(name, item.index)
        write_picture(encode(picture_of(panels, self.methods)), file)
        self.drawn.append(file)
        return rows

    def write_sheet(self, file: Path) -> None:
        """Some of the pictures on one, where there are any."""
        if self.drawn:
            write_whole(file, encode(sheet_of(self.drawn)))


def _refuse_one_name(weights: Sequence[Path]) -> None:
    """Rows and figures are told apart by the name of the classifier."""
    files: dict[str, Path] = {}
    for file in weights:
        if file.stem in files:
            raise UsageError(
                f"{files[file.stem]} and {file} have one name, by which classifiers are told "
                "apart; copy one, with its card, to another name"
            )
        files[file.stem] = file


def _pipelines(options: Options) -> list[TwoStagePipeline]:
    """A pipeline for each classifier, all with one segmenter."""
    directory = options.weights
    stage_one = resolve(None, directory, "segmenter")
    stage_two = [resolve(name, directory, "classifier") for name in options.checkpoints] or [
        resolve(None, directory, "classifier", region) for region in options.regions
    ]
    _refuse_one_name(stage_two)

    from covidcls.classifier import CovidClassifier
    from lungseg.segmenter import LungSegmenter
    from pipelines.two_stage import TwoStagePipeline

    device, backend = options.device, options.backend
    segmenter = LungSegmenter.from_checkpoint(stage_one, device=device, backend=backend)
    classifiers = [
        CovidClassifier.from_checkpoint(file, device=device, backend=backend) for file in stage_two
    ]
    for classifier in classifiers:
        check_explainable(classifier, options.methods)
    return [TwoStagePipeline(segmenter, classifier) for classifier in classifiers]
